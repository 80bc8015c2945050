import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Cluster } from '../test/support/cluster.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../test/fixtures/${name}`, import.meta.url));
const FILE_MB = 16;
const MB = 1_000_000;
const SMALL_FILE_BYTES = 600;
const FILES_IN_A_FOLDER = 1000;

/** A GeoLens-like database of about `mb` megabytes. */
export async function fillDatabase(cluster: Cluster, mb: number): Promise<void> {
  await cluster.createDatabase('geolens');
  await cluster.psql('geolens', { file: fixture('geolens.sql') });
  await cluster.psql('geolens', { file: fixture('yardstick.sql'), variables: { mb: Math.round(mb) } });
  await cluster.psql('geolens', 'VACUUM ANALYZE');
}

/** Upload files of about `mb` megabytes, three quarters of them incompressible; the same at every call. */
export function fillStaging(folder: string, mb: number): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index * FILE_MB < mb; index += 1) {
    const file = openSync(join(folder, `dataset-${index}.tif`), 'w');
    for (let block = 0; block < Math.min(FILE_MB, mb - index * FILE_MB); block += 1) {
      writeSync(
        file,
        block % 4 === 3 ? Buffer.alloc(MB, `dataset ${index} `) : noise(`${index}/${block}`, MB),
      );
    }
    closeSync(file);
  }
}

/** So many upload files of some hundred bytes, a thousand to a folder. */
export function fillWithSmallFiles(folder: string, count: number): void {
  const content = noise('small', SMALL_FILE_BYTES);
  for (let index = 0; index < count; index += 1) {
    const parent = join(folder, `upload-${Math.floor(index / FILES_IN_A_FOLDER)}`);
    if (index % FILES_IN_A_FOLDER === 0) mkdirSync(parent, { recursive: true });
    content.writeUInt32LE(index);
    writeFileSync(join(parent, `tile-${index}.bin`), content);
  }
}

/** Bytes that do not compress, from a seed. */
function noise(seed: string, bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).update(seed).digest();
}
