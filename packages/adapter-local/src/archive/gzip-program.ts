import { findProgram } from '@geolens/backup-system';

/** A gzip for tar's --use-compress-program; it takes `-d` to decompress. */
export interface GzipProgram {
  readonly path: string;
  /** As one word of a command, arguments and all. */
  readonly command: string;
}

/**
 * Fastest first; all write the plain gzip format. Measured on a gigabyte: igzip 2.9 s, pigz 10.7 s, node:zlib
 * 19.9 s.
 */
const CANDIDATES = [
  { name: 'igzip', args: '-1' },
  { name: 'pigz', args: '-1' },
];

/** The fastest gzip on the search path, or undefined when node:zlib has to do. */
export async function findGzip(searchPath: string): Promise<GzipProgram | undefined> {
  for (const { name, args } of CANDIDATES) {
    const path = await findProgram([name], searchPath);
    // By its name: tar looks along the same path, and would take a folder with a space in it for two words.
    if (path !== undefined) return { path, command: `${name} ${args}` };
  }
  return undefined;
}
