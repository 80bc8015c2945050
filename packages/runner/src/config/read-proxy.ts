import { Secret } from '@geolens/backup-core';
import type { Environment } from './read-environment.ts';

const PROXIES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
const EXCEPTIONS = ['NO_PROXY', 'no_proxy'];

interface ProxyReading {
  /** Variables in the form that Node accepts. `undefined` if no proxy is set. */
  readonly proxy: Readonly<Record<string, string>> | undefined;
  readonly secrets: readonly Secret[];
  /** One sentence each, which begins with the name of the variable. */
  readonly problems: readonly string[];
}

/** Reads the variables that name the proxy for S3 and notifications. */
export function readProxy(env: Environment): ProxyReading {
  const given = (names: readonly string[]): [string, string][] =>
    names.flatMap((name) => {
      const text = env[name]?.trim() ?? '';
      return text === '' ? [] : [[name, text]];
    });
  const proxies = given(PROXIES);
  if (proxies.length === 0) return { proxy: undefined, secrets: [], problems: [] };
  return {
    proxy: Object.fromEntries([...proxies, ...given(EXCEPTIONS)]),
    secrets: proxies.flatMap(([, text]) => passwordsOf(text)),
    problems: proxies.flatMap(([name, text]) => problemOf(name, text) ?? []),
  };
}

/** Sends the `fetch` requests of the whole process through the proxy. */
export function useProxy(proxy: Readonly<Record<string, string>>): void {
  nodeHttp().setGlobalProxyFromEnv(proxy);
}

/** Returns `node:http`. Loaded only if a proxy is set: loading takes milliseconds of every start. */
function nodeHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}

function problemOf(name: string, text: string): string | undefined {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? ''))
    return `${name} has to be a URL such as http://proxy:3128, for S3 and notifications`;
  return 'setGlobalProxyFromEnv' in nodeHttp()
    ? undefined
    : `${name} is set, and Node ${process.versions.node} cannot use it; take Node 24.14 or newer, or unset it`;
}

function passwordsOf(text: string): readonly Secret[] {
  const password = URL.parse(text)?.password ?? '';
  return password === '' ? [] : [new Secret(password), new Secret(percentDecoded(password))];
}

/** Decodes the percent-encoding of a part of a URL. Returns an invalid encoding unchanged, as browsers do. */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
