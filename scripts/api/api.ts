import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReport, PACKAGES, reportPath } from './report.ts';

/*
 * Fails if an export has no docstring, or a report of what the packages export (docs/api-report) is stale.
 * With -u, writes the reports, and pages made from the docstrings into .cache/api.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TYPEDOC = join(ROOT, 'node_modules', 'typedoc', 'bin', 'typedoc');
const update = process.argv.includes('-u');

const { status } = spawnSync(
  process.execPath,
  [
    ...process.execArgv,
    TYPEDOC,
    '--options',
    join(ROOT, 'typedoc.json'),
    ...(update ? [] : ['--emit', 'none']),
  ],
  { cwd: ROOT, stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);

for (const name of PACKAGES) {
  const path = reportPath(name);
  const report = apiReport(name);
  if (update) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, report);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== report) {
    console.error(`docs/api-report/${name}.api.md is stale: review the change, then run npm run docs`);
    process.exitCode = 1;
  }
}
