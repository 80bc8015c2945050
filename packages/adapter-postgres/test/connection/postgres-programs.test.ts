import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findInstallations,
  programsFor,
  type PostgresPrograms,
} from '../../src/connection/postgres-programs.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';

const installed = (...versions: readonly string[]): readonly PostgresPrograms[] =>
  versions.map((version) => ({
    folder: `/${version}`,
    pgDump: '',
    pgDumpall: '',
    pgRestore: '',
    psql: 'psql',
    version,
    major: Number.parseInt(version, 10),
  }));

async function programs(version: string, names = ['pg_dump', 'pg_dumpall', 'pg_restore']): Promise<string> {
  const folder = await freshFolder();
  for (const name of names)
    await writeFile(join(folder, name), `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`, {
      mode: 0o755,
    });
  return folder;
}

describe('the client programs for a server', () => {
  it.each([
    ['15.18', ['17.2', '15.3', '16.1'], '15.3'],
    ['15.18', ['14.9', '17.2', '16.1'], '16.1'],
    ['9.6.24', ['15.3'], '15.3'],
    ['18beta1', ['17.2', '18.0'], '18.0'],
  ])('of %s, of %j, are %s: the same version, else the oldest that is newer', (server, versions, chosen) => {
    expect(programsFor(server, installed(...versions)).version).toBe(chosen);
  });

  it('are CLIENT_TOO_OLD with both versions and the hint when all are older', async () => {
    const choice = async (): Promise<unknown> =>
      Promise.resolve().then(() => programsFor('17.2', installed('15.3', '16.1')));
    const { message, hint } = await failure('CLIENT_TOO_OLD', choice());
    expect(message).toContain('the server is PostgreSQL 17.2, pg_dump here is 16.1');
    expect(hint).toContain('postgresql-client-17');
  });
});

describe('looking for client programs', () => {
  it('finds those in the folder that is named, and asks for their version', async () => {
    const binDir = await programs('17.2 (Debian 17.2-1.pgdg120+1)');
    expect(await findInstallations({ binDir, env })).toEqual([
      expect.objectContaining({ folder: binDir, version: '17.2', major: 17 }),
    ]);
  });

  it('reads the versions that are in the making', async () => {
    expect((await findInstallations({ binDir: await programs('19devel'), env }))[0]).toMatchObject({
      version: '19devel',
      major: 19,
    });
  });

  it('finds those on the search path, each folder once', async () => {
    const folder = await programs('16.1');
    const found = await findInstallations({ env: { PATH: `${folder}::${folder}:${env.PATH}` } });
    expect(found.filter((each) => each.folder === folder)).toHaveLength(1);
  });

  it.each([
    ['one of the three is missing', () => programs('17.2', ['pg_dump', 'pg_restore'])],
    ['they do not say their version', () => programs('none')],
    ['the folder is not there', () => Promise.resolve('/nowhere')],
  ])('is PROGRAM_MISSING when %s', async (_, make) => {
    const binDir = await make();
    const { message, hint } = await failure('PROGRAM_MISSING', findInstallations({ binDir, env }));
    expect(message).toContain(binDir);
    expect(hint).toContain('postgresql-client');
  });
});
