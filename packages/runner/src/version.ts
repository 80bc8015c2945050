import { readFileSync } from 'node:fs';

/** Read at the start: a notification must not need a file when the process has no descriptor left. */
const MANIFEST = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The version of this package. */
export function toolVersion(): string {
  return MANIFEST.version;
}
