import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tier } from '@geolens/backup-core';
import type { TestBucket } from '../../support/buckets.ts';
import { runProgram } from '../../support/run-program.ts';

/** Where sets lie, read by other means than the software's own. */
export interface Place {
  readonly store: string;
  /** Undefined where there is no such artifact. */
  read(tier: Tier, name: string): Promise<Buffer | undefined>;
}

export function placeOnVolume(root: string): Place {
  return {
    store: 'local',
    read: async (tier, name) => {
      const path = join(root, tier, name);
      return existsSync(path) ? readFile(path) : undefined;
    },
  };
}

export function placeInBucket(bucket: TestBucket, prefix = 'backups'): Place {
  return {
    store: 's3',
    read: (tier, name) => bucket.get(`${prefix}/${tier}/${name}`).catch((error: unknown) => {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }),
  };
}

interface ManifestFile {
  readonly artifacts: readonly { readonly kind: string; readonly name: string; readonly bytes: number; readonly sha256: string; readonly rowCounts?: readonly { readonly rows: number }[] }[];
}

/** What speaks against a set that is shown as complete; nothing where it is one. */
export async function flawsOf(place: Place, tier: Tier, timestamp: string, binDir: string): Promise<readonly string[]> {
  const text = await place.read(tier, `manifest-${timestamp}.json`);
  if (text === undefined) return [`${tier} ${timestamp} in ${place.store} has no manifest`];
  const { artifacts } = JSON.parse(text.toString()) as ManifestFile;
  const flaws: string[] = [];
  for (const { kind, name, bytes, sha256, rowCounts } of artifacts) {
    const content = await place.read(tier, name);
    if (content === undefined) flaws.push(`${tier}/${name} is not in ${place.store}, and the manifest names it`);
    else if (content.length !== bytes) flaws.push(`${tier}/${name} in ${place.store} has ${content.length} bytes, not ${bytes}`);
    else if (digest(content) !== sha256) flaws.push(`${tier}/${name} in ${place.store} is not what its manifest says`);
    else {
      const contents = await contentsOf(kind, sha256, content, binDir);
      const rows = rowCounts?.reduce((sum, table) => sum + table.rows, 0);
      if (contents === undefined) flaws.push(`${tier}/${name} in ${place.store} cannot be read`);
      else if (rows !== undefined && contents.rows !== rows) flaws.push(`${tier}/${name} in ${place.store} has ${contents.rows} rows, and its manifest says ${rows}`);
    }
  }
  return flaws;
}

interface Contents {
  /** Of a dump. */
  readonly rows: number;
}

const known = new Map<string, Contents | undefined>();

/** What another program finds in it, when it reads it to its end; undefined where it cannot. Asked once for the same bytes. */
async function contentsOf(kind: string, sha256: string, content: Buffer, binDir: string): Promise<Contents | undefined> {
  if (!known.has(sha256)) known.set(sha256, await examined(kind, content, binDir));
  return known.get(sha256);
}

async function examined(kind: string, content: Buffer, binDir: string): Promise<Contents | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-proof-'));
  const path = join(folder, 'artifact');
  try {
    await writeFile(path, content);
    if (kind === 'dump') return { rows: rowsIn(await runProgram(join(binDir, 'pg_restore'), ['--file=-', path])) };
    if (kind === 'staging') await runProgram('tar', ['-tzf', path]);
    return content.length > 0 ? { rows: 0 } : undefined;
  } catch {
    return undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The lines between `COPY … FROM stdin;` and `\\.`, of all tables. */
function rowsIn(sql: string): number {
  return [...sql.matchAll(/^COPY .* FROM stdin;\n([^]*?)^\\\.$/gm)].reduce((sum, [, lines]) => sum + lines!.split('\n').length - 1, 0);
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
