import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import { installedPackages } from './support/installed.ts';
import { PACKAGES, ROOT } from './support/packed.ts';
import { readmeExample } from './support/readme-example.ts';

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const STRICT = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  erasableSyntaxOnly: true,
};
const ENTRIES = [
  'backup-core',
  'backup-core/errors',
  'backup-core/testing',
  'backup-adapter-age',
  'backup-adapter-local',
  'backup-adapter-postgres',
  'backup-adapter-s3',
  'backup-runner',
  'backup-system',
];

async function problemsOf(name: string, options: object, include: readonly string[]): Promise<string> {
  const folder = await installedPackages();
  const compilerOptions = {
    ...STRICT,
    module: 'nodenext',
    target: 'es2024',
    noEmit: true,
    allowImportingTsExtensions: true,
    ...options,
  };
  await writeFile(join(folder, `tsconfig.${name}.json`), JSON.stringify({ compilerOptions, include }));
  return runProgram(process.execPath, [
    TSC,
    '-p',
    join(folder, `tsconfig.${name}.json`),
    '--pretty',
    'false',
  ]).catch((error: unknown) => String(error));
}

it('core compiles strictly for who has no types of Node, nor of anything else', async () => {
  const folder = await installedPackages();
  await writeFile(
    join(folder, 'core.ts'),
    "export * from '@geolens/backup-core';\nexport { BackupError } from '@geolens/backup-core/errors';\n",
  );
  expect(
    await problemsOf('core', { types: [], lib: ['es2024', 'esnext.disposable', 'dom'] }, ['core.ts']),
  ).toBe('');
});

it('all packages, the examples and the programs in their READMEs compile strictly with the types that they bring along', async () => {
  const folder = await installedPackages();
  await cp(join(ROOT, 'examples'), join(folder, 'examples-to-compile'), { recursive: true });
  await writeFile(
    join(folder, 'all.ts'),
    ENTRIES.map((entry, index) => `export * as entry${index} from '@geolens/${entry}';\n`).join(''),
  );
  await Promise.all(
    PACKAGES.map(async (name) =>
      writeFile(
        join(folder, 'examples-to-compile', `readme-${name}.ts`),
        (await readmeExample(name)).program,
      ),
    ),
  );
  expect(
    await problemsOf('all', { types: ['node'], lib: ['es2024', 'esnext.disposable'] }, [
      'all.ts',
      'examples-to-compile/**/*.ts',
    ]),
  ).toBe('');
});
