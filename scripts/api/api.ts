import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReport, PACKAGES, reportPath } from './report.ts';

/*
 * The API reference (docs/api) and the reports of what the packages export (docs/api-report): writes them
 * with -u, otherwise says which are stale. An export that nobody has described fails either way.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REFERENCE = join(ROOT, 'docs', 'api');
const TYPEDOC = join(ROOT, 'node_modules', 'typedoc', 'bin', 'typedoc');

const temporary = mkdtempSync(join(tmpdir(), 'geolens-api-'));
process.on('exit', () => {
  rmSync(temporary, { recursive: true, force: true });
});

const { status } = spawnSync(
  process.execPath,
  [...process.execArgv, TYPEDOC, '--options', join(ROOT, 'typedoc.json'), '--out', temporary],
  { cwd: ROOT, stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);

if (process.argv.includes('-u')) {
  rmSync(REFERENCE, { recursive: true, force: true });
  cpSync(temporary, REFERENCE, { recursive: true });
  for (const name of PACKAGES) {
    mkdirSync(join(reportPath(name), '..'), { recursive: true });
    writeFileSync(reportPath(name), apiReport(name));
  }
} else {
  const reports = PACKAGES.filter((name) => textAt(reportPath(name)) !== apiReport(name)).map(
    (name) => `docs/api-report/${name}.api.md`,
  );
  const stale = [...reports, ...(sameFolders(temporary, REFERENCE) ? [] : ['docs/api'])];
  if (stale.length > 0) {
    console.error(
      `${stale.join(', ')}: not what the code exports. Look whether that is meant, then write them anew with npm run docs`,
    );
    process.exit(1);
  }
}

function sameFolders(one: string, other: string): boolean {
  const content = (folder: string): string =>
    JSON.stringify(filesIn(folder).map((name) => [name, textAt(join(folder, name))]));
  return content(one) === content(other);
}

function filesIn(folder: string): string[] {
  try {
    return (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => name.endsWith('.md'))
      .sort();
  } catch {
    return []; // it was never written
  }
}

function textAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
