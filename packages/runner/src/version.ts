import { readFileSync } from 'node:fs';

/** Read at the start: a notification must work even if the process has no file descriptor left. */
const MANIFEST = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Returns the version of this package. */
export function toolVersion(): string {
  return MANIFEST.version;
}
