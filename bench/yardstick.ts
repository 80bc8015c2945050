import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../test/support/cluster.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../test/fixtures/${name}`, import.meta.url));
const FILE_MB = 16;
const MB = 1_000_000;

/** A GeoLens-like database of about `mb` megabytes. */
export async function fillDatabase(cluster: Cluster, mb: number): Promise<void> {
  await cluster.createDatabase('geolens');
  await cluster.psql('geolens', { file: fixture('geolens.sql') });
  await cluster.psql('geolens', { file: fixture('yardstick.sql'), variables: { mb } });
  await cluster.psql('geolens', 'VACUUM ANALYZE');
}

/** Upload files of about `mb` megabytes, three quarters of them incompressible; the same at every call. */
export function fillStaging(folder: string, mb: number): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index * FILE_MB < mb; index += 1) {
    const file = openSync(join(folder, `dataset-${index}.tif`), 'w');
    for (let block = 0; block < FILE_MB; block += 1) {
      writeSync(file, block % 4 === 3 ? Buffer.alloc(MB, `dataset ${index} `) : noise(`${index}/${block}`, MB));
    }
    closeSync(file);
  }
}

/** Bytes that do not compress, from a seed. */
function noise(seed: string, bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).update(seed).digest();
}
