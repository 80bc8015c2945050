import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Operator } from '../../support/operator.ts';

/** Enough for an upload in parts. */
const LARGE_BYTES = 17_000_000;

/** Puts a file into the staging folder that does not compress: a large one, or a small one in its place. */
export async function writeRaster(
  { volume }: Operator,
  { large }: { readonly large: boolean },
): Promise<void> {
  await writeFile(join(volume.staging, 'large.tif'), large ? randomBytes(LARGE_BYTES) : 'small');
}
