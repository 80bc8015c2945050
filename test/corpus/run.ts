import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from './attempt.ts';
import { faultsOf, pageOf } from './page.ts';
import { PLAN_VARIABLE, type CorpusPlan } from './plan.ts';

/*
 * npm run test:corpus [-- part of a title]: the long form of the corpus. Without an argument, writes
 * docs/compatibility.md. Titles begin with the group: `extensions: postgis`.
 */
const PAGE = new URL('../../docs/compatibility.md', import.meta.url);
const part = process.argv.slice(2).join(' ');
const folder = mkdtempSync(join(tmpdir(), 'geolens-corpus-report-'));
const plan: CorpusPlan = { report: join(folder, 'rows'), part };
const { status } = spawnSync(
  process.execPath,
  [
    ...['--conditions=geolens-source', 'node_modules/vitest/vitest.mjs'],
    ...['run', '--project', 'integration', 'test/corpus'],
  ],
  { stdio: 'inherit', env: { ...process.env, [PLAN_VARIABLE]: JSON.stringify(plan) } },
);
const rows = existsSync(plan.report)
  ? readFileSync(plan.report, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
  : [];
rmSync(folder, { recursive: true });
const page = pageOf(rows, {
  date: new Date().toISOString().slice(0, 10),
  system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform,
  version: (JSON.parse(readFileSync('packages/runner/package.json', 'utf8')) as { version: string }).version,
});
if (part === '' && rows.length > 0) writeFileSync(PAGE, page);
else process.stdout.write(page);
const faults = rows.filter((row) => faultsOf(row).length > 0);
for (const row of faults) console.error(`fault: ${row.server}, ${row.name}: ${faultsOf(row).join('; ')}`);
process.exitCode = faults.length > 0 ? 1 : (status ?? 1);
