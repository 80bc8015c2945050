import type { Manifest } from '../model/manifest.ts';
import type { Produced } from './produce.ts';

/**
 * A warning when the former set has a staging archive and the new one has none: then its volume is away
 * rather than empty.
 */
export function lostStaging(former: Manifest | undefined, { artifacts }: Produced): string | undefined {
  const had = former?.artifacts.some(({ kind }) => kind === 'staging') === true;
  if (!had || artifacts.some(({ entry }) => entry.kind === 'staging')) return undefined;
  return `the former set (${former.timestamp}) has a staging archive, this one has none: is its volume mounted?`;
}
