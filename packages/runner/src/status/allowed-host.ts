import { isIP } from 'node:net';

/**
 * Returns whether the `Host` of a request can only mean this machine, or is allowed. A name with a dot may belong
 * to another site, whose page asks this port from the browser of the operator (DNS rebinding).
 */
export function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  return /^[a-z0-9_-]+$/.test(name) || allowed.some((one) => one.toLowerCase() === name);
}
