import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tier } from '@geolens/backup-core';
import { runProgram } from '../../support/run-program.ts';
import type { ReadArtifact, Shelf } from './place.ts';

interface ManifestFile {
  readonly artifacts: readonly {
    readonly kind: string;
    readonly name: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly rowCounts?: readonly { readonly rows: number }[];
  }[];
}

/** What speaks against a set that is shown as complete; nothing where it is one. */
export async function flawsOf(
  shelf: Shelf,
  tier: Tier,
  timestamp: string,
  binDir: string,
): Promise<readonly string[]> {
  const manifest = await shelf.artifact(tier, `manifest-${timestamp}.json`);
  if (manifest === undefined) return [`${tier} ${timestamp} has no manifest`];
  const { artifacts } = JSON.parse((await manifest.content()).toString()) as ManifestFile;
  const flaws: string[] = [];
  for (const { kind, name, bytes, sha256, rowCounts } of artifacts) {
    const found = await shelf.artifact(tier, name);
    if (found === undefined) flaws.push(`${tier}/${name} is not there, and the manifest names it`);
    else if (found.bytes !== bytes) flaws.push(`${tier}/${name} has ${found.bytes} bytes, not ${bytes}`);
    else if (found.sha256 !== sha256) flaws.push(`${tier}/${name} is not what its manifest says`);
    else {
      const contents = await contentsOf(kind, found, binDir);
      const rows = rowCounts?.reduce((sum, table) => sum + table.rows, 0);
      if (contents === undefined) flaws.push(`${tier}/${name} cannot be read`);
      else if (rows !== undefined && contents.rows !== rows)
        flaws.push(`${tier}/${name} has ${contents.rows} rows, and its manifest says ${rows}`);
    }
  }
  return flaws;
}

interface Contents {
  /** Of a dump. */
  readonly rows: number;
}

const known = new Map<string, Contents | undefined>();

/**
 * What another program finds in it, when it reads it to its end; undefined where it cannot. Asked once for
 * the same bytes.
 */
async function contentsOf(
  kind: string,
  { sha256, content }: ReadArtifact,
  binDir: string,
): Promise<Contents | undefined> {
  if (!known.has(sha256)) known.set(sha256, await inspected(kind, await content(), binDir));
  return known.get(sha256);
}

async function inspected(kind: string, content: Buffer, binDir: string): Promise<Contents | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-proof-'));
  const path = join(folder, 'artifact');
  try {
    await writeFile(path, content);
    if (kind === 'dump')
      return { rows: rowsIn(await runProgram(join(binDir, 'pg_restore'), ['--file=-', path])) };
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
  return [...sql.matchAll(/^COPY .* FROM stdin;\n([^]*?)^\\\.$/gm)].reduce(
    (sum, [, lines]) => sum + lines!.split('\n').length - 1,
    0,
  );
}
