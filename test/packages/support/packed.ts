import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../support/run-program.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The folders below packages/, in the order of their names. */
export const PACKAGES = [
  'adapter-age',
  'adapter-local',
  'adapter-postgres',
  'adapter-s3',
  'core',
  'runner',
  'system',
] as const;
export type PackageName = (typeof PACKAGES)[number];

/** What is asked of a package.json. */
export interface PackageFile {
  readonly name: string;
  readonly license: string;
  readonly type: string;
  readonly sideEffects: boolean | readonly string[];
  readonly engines: { readonly node: string };
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly repository: { readonly url: string; readonly directory: string };
  readonly homepage: string;
  readonly bugs: string;
  readonly keywords: readonly string[];
  readonly publishConfig: { readonly access: string; readonly provenance: boolean };
}

/** A package as it would be published. */
export interface Tarball {
  readonly path: string;
  /** Paths inside of the package, sorted. */
  readonly files: readonly string[];
  readonly packageFile: PackageFile;
}

/** Packs the built packages into the folder, as they would be published. */
export async function packAll(into: string): Promise<Readonly<Record<PackageName, Tarball>>> {
  const { config } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    config: { pnpm: string };
  };
  await runProgram('npx', [
    '--yes',
    `pnpm@${config.pnpm}`,
    '--dir',
    ROOT,
    '--recursive',
    '--filter',
    './packages/*',
    'pack',
    '--pack-destination',
    into,
  ]);
  const names = await readdir(into);
  const tarballs = PACKAGES.map(
    async (name) =>
      [
        name,
        await tarballAt(join(into, names.find((one) => one.startsWith(`geolens-backup-${name}-`))!)),
      ] as const,
  );
  return Object.fromEntries(await Promise.all(tarballs)) as Record<PackageName, Tarball>;
}

async function tarballAt(path: string): Promise<Tarball> {
  const [list, packageFile] = await Promise.all([
    runProgram('tar', ['-tzf', path]),
    runProgram('tar', ['-xzOf', path, 'package/package.json']),
  ]);
  const files = list
    .trim()
    .split('\n')
    .map((line) => line.replace(/^package\//, ''));
  return { path, files: files.sort(), packageFile: JSON.parse(packageFile) as PackageFile };
}
