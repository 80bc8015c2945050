import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  findServerPrograms,
  serverFor,
  type ServerPrograms,
} from '../../src/restore-test/server-programs.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';

const servers = (...majors: readonly number[]): { readonly servers: readonly ServerPrograms[] } => ({
  servers: majors.map((major) => ({
    folder: `/${major}`,
    pgDump: '',
    pgDumpall: '',
    pgRestore: '',
    psql: '',
    initdb: '',
    postgres: '',
    version: `${major}.1`,
    major,
  })),
});

describe('the server for a dump', () => {
  it.each([
    [{ server: 15, client: 15 }, [15, 16, 17], 15],
    [{ server: 14, client: 14 }, [15, 17], 15],
    [{ server: 15, client: 17 }, [15, 16, 17, 18], 17],
    [{ server: 15, client: 17 }, [14, 15, 16], 16],
  ])(
    'of %j is, of %j, %i: the oldest that is new enough for both, else for the server',
    (versions, installed, chosen) => {
      expect(serverFor(versions, servers(...installed))).toMatchObject({ major: chosen });
    },
  );

  it('is lacking when all are older, which names them', () => {
    expect(serverFor({ server: 17, client: 17 }, servers(14, 15))).toEqual({
      lacking: expect.stringContaining(
        'PostgreSQL 17 is not installed on this machine (there is 14, 15)',
      ) as string,
    });
  });
});

describe('looking for server programs', () => {
  async function installation(names: readonly string[]): Promise<string> {
    const folder = join(await freshFolder(), 'bin');
    await mkdir(folder);
    for (const name of ['pg_dump', 'pg_dumpall', 'pg_restore', ...names])
      await writeFile(join(folder, name), `#!/bin/sh\necho "${name} (PostgreSQL) 17.2"\n`, { mode: 0o755 });
    return folder;
  }

  it('finds those that have initdb and postgres beside the clients', async () => {
    const binDir = await installation(['initdb', 'postgres']);
    expect((await findServerPrograms({ binDir, env })).servers).toEqual([
      expect.objectContaining({
        initdb: join(binDir, 'initdb'),
        postgres: join(binDir, 'postgres'),
        major: 17,
      }),
    ]);
  });

  it('passes over clients alone, and minds no folder without any', async () => {
    const alone = await findServerPrograms({ binDir: await installation(['initdb']), env });
    expect([alone.clients.length, alone.servers.length]).toEqual([1, 0]);
    expect(await findServerPrograms({ binDir: '/nowhere', env })).toEqual({ clients: [], servers: [] });
  });
});
