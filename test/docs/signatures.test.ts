import { readFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { freshFolder } from '../adapter-age/support/keys.ts';
import { newOperator } from '../support/operator.ts';
import { runProgram } from '../support/run-program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/signatures.md'), 'utf8');
const EXAMPLE = '20261122_020000';

it('the commands of docs/signatures.md work in their order', async () => {
  const [operator, folder] = await Promise.all([newOperator(), freshFolder()]);
  const before = await operator.goodRun();
  await mkdir(join(folder, 'bin'));
  await symlink(join(ROOT, 'packages/runner/bin/geolens-backup.js'), join(folder, 'bin', 'geolens-backup'));
  const env: Record<string, string> = {
    HOME: folder,
    PATH: [join(folder, 'bin'), dirname(process.execPath), process.env['PATH']].join(':'),
    ...operator.env,
  };
  const printed: string[] = [];
  const blocks = [...PAGE.matchAll(/^```(sh|console)\n(.*?)^```$/gms)].map(([, language, text]) => ({
    language,
    lines: text!.trim().split('\n'),
  }));
  for (const { language, lines } of blocks) {
    if (language === 'sh') {
      env['BACKUP_SIGNING_KEY_FILE'] = join(folder, 'signing.key');
      env['BACKUP_TRUSTED_KEYS'] = /BACKUP_TRUSTED_KEYS=(RW\S+)/.exec(printed.join('\n'))![1]!;
      const list = await operator.backup(['list'], { env });
      expect(list.stdout).toContain('untrusted');
      continue;
    }
    for (const line of lines) {
      expect(line).toMatch(/^\$ /);
      const command = line.slice(2).replaceAll(EXAMPLE, before);
      printed.push(await runProgram('bash', ['-c', `cd ${folder} && { ${command}; } 2>&1`], { env }));
    }
  }
  const all = printed.join('\n');
  expect(all).toMatch(new RegExp(`${before} +\\S+ +local +signed`));
  expect(all).toContain('Signature and comment signature verified');
  expect(printed.at(-2)).not.toContain('untrusted');
});
