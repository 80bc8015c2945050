import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGES, packAll, type PackageName, type Tarball } from './support/packed.ts';

const REPOSITORY = 'https://github.com/geolens-io/geolens-backup';

/**
 * These resolve an ESM package as CommonJS or not at all; who needs them is not whom the packages are for.
 */
const NOT_FOR = ['node10', 'node16-cjs'];

let folder: string;
let tarballs: Readonly<Record<PackageName, Tarball>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geolens-tarballs-'));
  tarballs = await packAll(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(PACKAGES)('the tarball of %s', (name) => {
  it('holds licence and README, what was built and its sources, and nothing of tests or of the build itself', () => {
    const { files } = tarballs[name];
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'package.json',
        'dist/index.js',
        'dist/index.d.ts',
        'src/index.ts',
      ]),
    );
    const foreign = files.filter(
      (file) => !/^(dist|src|bin)\//.test(file) || /tsbuildinfo|\.test\.|(^|\/)test\//.test(file),
    );
    expect(foreign).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  it('says what it is, whose, under which licence and for which Node', () => {
    const { packageFile } = tarballs[name];
    expect(packageFile).toMatchObject({
      name: `@geolens/backup-${name}`,
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: '>=22.12' },
      repository: { type: 'git', url: `git+${REPOSITORY}.git`, directory: `packages/${name}` },
      homepage: `${REPOSITORY}/tree/main/packages/${name}#readme`,
      bugs: `${REPOSITORY}/issues`,
      publishConfig: { access: 'public', provenance: true },
    });
    expect(packageFile.keywords).toContain('backup');
  });

  it('is free of side effects, but for the program itself', () => {
    const program = ['./bin/geolens-backup.js', './dist/main.js', './src/main.ts'];
    expect(tarballs[name].packageFile.sideEffects).toEqual(name === 'runner' ? program : false);
  });

  it('exports built modules with their types, its package.json, and no source', () => {
    const { exports } = tarballs[name].packageFile;
    const { './package.json': own, ...entries } = exports;
    expect(own).toBe('./package.json');
    for (const [entry, conditions] of Object.entries(entries)) {
      expect(Object.keys(conditions), entry).toEqual(['types', 'default']);
      for (const target of Object.values(conditions as Record<string, string>))
        expect(tarballs[name].files).toContain(target.slice('./'.length));
    }
  });

  it('exports the same entries as in the workspace', async () => {
    const here = JSON.parse(
      await readFile(new URL(`../../packages/${name}/package.json`, import.meta.url), 'utf8'),
    ) as { exports: object };
    expect(Object.keys(here.exports)).toEqual(Object.keys(tarballs[name].packageFile.exports));
  });

  it('depends on exact versions', () => {
    for (const version of Object.values(tarballs[name].packageFile.dependencies))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('pleases publint', async () => {
    const { buffer, byteOffset, byteLength } = await readFile(tarballs[name].path);
    const { messages } = await publint({
      pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) },
      strict: true,
    });
    expect(messages).toEqual([]);
  });

  it('has types that are as its code is, for whoever imports ESM', async () => {
    const result = await checkPackage(createPackageFromTarballData(await readFile(tarballs[name].path)));
    const problems = 'problems' in result ? result.problems : [{ kind: 'no types' as const }];
    expect(
      problems.filter(
        (problem) => !('resolutionKind' in problem && NOT_FOR.includes(problem.resolutionKind)),
      ),
    ).toEqual([]);
  });
});

it('core depends on cron-parser and luxon alone', () => {
  expect(Object.keys(tarballs.core.packageFile.dependencies)).toEqual(['cron-parser', 'luxon']);
});
