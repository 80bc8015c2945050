import { beforeEach, describe, expect, it } from 'vitest';
import { BackupError, type ArtifactKey } from '../../src/index.ts';
import { BACKED_UP, LIVE, RestoreKit } from '../support/restore-kit.ts';

const DUMP: ArtifactKey = 'daily/geolens_20260103_020000.dump';
const GLOBALS: ArtifactKey = 'daily/globals-20260103_020000.sql';
const STAGING: ArtifactKey = 'daily/staging-20260103_020000.tar.gz';
const fault = new BackupError('RESTORE_FAILED', 'injected');

describe('a restore', () => {
  let kit: RestoreKit;
  beforeEach(async () => {
    kit = await RestoreKit.make();
  });
  const untouched = (): void => {
    expect(kit.restorer.databases).toEqual(new Map([['geolens', LIVE]]));
    expect(kit.staging.folders.get('/staging')).toBe('old files');
    expect(kit.openRestores).toBe(0);
  };

  it('puts the set in the place of the live database, which is kept, under the lock', async () => {
    const report = await kit.restore();
    expect(kit.restorer.databases).toEqual(
      new Map([
        ['geolens', BACKED_UP],
        ['geolens_before', LIVE],
      ]),
    );
    expect(report).toMatchObject({
      outcome: 'restored',
      previous: 'geolens_before',
      exists: true,
      errors: [],
    });
    expect(kit.locked).toEqual([{ command: 'restore' }]);
    expect(kit.openRestores).toBe(0);
  });

  it('swaps the files too, when it is told where they are', async () => {
    const report = await kit.restore({ stagingTo: '/staging' });
    expect(kit.staging.folders.get('/staging')).toBe('files');
    expect(report).toMatchObject({ members: 5, previousStaging: '/staging/before-1' });
    expect(kit.steps).toEqual(['fetch', 'check', 'inspect', 'unpack', 'swap']);
  });

  it('removes what was there before only when it is told to, and all is well', async () => {
    expect(await kit.restore({ stagingTo: '/staging', dropPrevious: true })).toMatchObject({
      previous: undefined,
      previousStaging: undefined,
    });
    expect([...kit.restorer.databases.keys()]).toEqual(['geolens']);
    expect([...kit.staging.folders.keys()]).toEqual(['/staging']);
  });

  it('keeps a database that logical replication uses, and removes the files of before', async () => {
    kit.restorer.inUse = true;
    kit.restorer.afterSwap = ['the database is kept'];
    kit.restorer.results = { logicalReplication: ['a replication slot stays'] };
    const report = await kit.restore({ stagingTo: '/staging', dropPrevious: true });
    expect(report).toMatchObject({ outcome: 'restored', previous: 'geolens_before', errors: [] });
    expect(report.warnings).toEqual(['the database is kept']);
    expect(report.previousStaging).toBeUndefined();
    expect(kit.restorer.databases.get('geolens_before')).toEqual(LIVE);
  });

  it.each([{ dryRun: true }, { mode: { kind: 'in-place' as const } }])(
    'warns of logical replication by inspection: %j',
    async (request) => {
      kit.restorer.results = { logicalReplication: ['a replication slot stays'] };
      expect(await kit.restore(request)).toMatchObject({ warnings: ['a replication slot stays'] });
    },
  );

  it('keeps what was there before when the files could not be swapped, and tells', async () => {
    kit.staging.fault = (operation) => (operation === 'swap' ? fault : undefined);
    const report = await kit.restore({ stagingTo: '/staging', dropPrevious: true });
    expect(report).toMatchObject({ outcome: 'restored', previous: 'geolens_before', errors: [fault] });
    expect(kit.restorer.databases.get('geolens_before')).toEqual(LIVE);
  });

  it.each(['open', 'inspect', 'restore', 'swap'] as const)(
    'leaves everything as it was when the step "%s" fails',
    async (failing) => {
      kit.restorer.fault = (operation) => (operation === failing ? fault : undefined);
      await expect(kit.restore({ stagingTo: '/staging' })).rejects.toBe(fault);
      untouched();
    },
  );

  describe('restores the database without the files, and reports it,', () => {
    const restored = (): void => {
      expect(kit.restorer.databases.get('geolens')).toEqual(BACKED_UP);
      expect(kit.restorer.databases.get('geolens_before')).toEqual(LIVE);
      expect(kit.staging.folders.get('/staging')).toBe('old files');
      expect(kit.openRestores).toBe(0);
    };

    it.each(['refusal', 'recover', 'unpack'] as const)('when the files fail at "%s"', async (failing) => {
      kit.staging.fault = (operation) => (operation === failing ? fault : undefined);
      expect(await kit.restore({ stagingTo: '/staging', dropPrevious: true })).toMatchObject({
        outcome: 'restored',
        members: undefined,
        errors: [fault],
      });
      restored();
    });

    it('when the folder cannot be restored into', async () => {
      kit.staging.refused = '/staging is read-only';
      const plans: unknown[] = [];
      const confirm = (plan: unknown): Promise<boolean> => Promise.resolve(plans.push(plan) > 0);
      const { errors } = await kit.restore({ stagingTo: '/staging' }, { confirm });
      expect(errors).toMatchObject([{ code: 'STAGING_FAILED', message: '/staging is read-only' }]);
      expect(plans).toMatchObject([{ errors: [{ code: 'STAGING_FAILED' }] }]);
      restored();
    });

    it.each([{}, { mode: { kind: 'in-place' as const } }])(
      'when the archive is damaged: %j',
      async (change) => {
        kit.store.artifacts.set(STAGING, new Uint8Array(kit.store.artifacts.get(STAGING)!).fill(0x20));
        const report = await kit.restore({ stagingTo: '/staging', ...change });
        expect(report.errors).toMatchObject([
          {
            code: 'ARTIFACT_UNREADABLE',
            message: expect.stringContaining('staging-20260103_020000') as string,
          },
        ]);
        expect(kit.staging.folders.get('/staging')).toBe('old files');
        expect(kit.restorer.databases.get('geolens')).toEqual(BACKED_UP);
      },
    );

    it('when the archive cannot be read', async () => {
      const source = await kit.source();
      const open = (): never => {
        throw fault;
      };
      const report = await kit.restore({
        stagingTo: '/staging',
        source: {
          ...source,
          artifacts: { ...source.artifacts, staging: { ...source.artifacts.staging!, open } },
        },
      });
      expect(report.errors).toEqual([fault]);
      restored();
    });

    it('when the rule for members refuses the archive, and a dry run reports the same', async () => {
      kit.archiver.judgement = { refusal: 'holds nothing but devices', leftOut: ['devices: ./null'] };
      const source = { ...(await kit.source()), checks: {} };
      const dry = await kit.restore({ stagingTo: '/staging', dryRun: true, source });
      const { errors } = await kit.restore({ stagingTo: '/staging', source });
      expect(errors).toMatchObject([
        { code: 'STAGING_FAILED', message: 'the archive holds nothing but devices' },
      ]);
      expect(dry).toMatchObject({ outcome: 'checked', filesLeftOut: ['devices: ./null'] });
      expect(dry.errors.map(({ message }) => message)).toEqual(errors.map(({ message }) => message));
      restored();
    });
  });

  it('reports what is left out of the files, in a dry run too', async () => {
    kit.archiver.judgement = { leftOut: ['devices: ./null'] };
    kit.staging.leftOut = ['devices: ./null'];
    for (const dryRun of [true, false])
      expect(await kit.restore({ stagingTo: '/staging', dryRun })).toMatchObject({
        errors: [],
        filesLeftOut: ['devices: ./null'],
      });
    expect(kit.staging.folders.get('/staging')).toBe('files');
  });

  it('does not swap a database that lacks rows', async () => {
    kit.restorer.lostRows = 1;
    await expect(kit.restore({ stagingTo: '/staging' })).rejects.toMatchObject({
      code: 'RESTORE_FAILED',
      message: expect.stringContaining('catalog.datasets has 2 rows, 3 were backed up') as string,
    });
    untouched();
  });

  it('tells all that stands in its way in one list, before anything is touched', async () => {
    kit.store.artifacts.set(GLOBALS, new Uint8Array(kit.store.artifacts.get(GLOBALS)!).fill(0x20));
    kit.restorer.results = {
      problems: ['the extension postgis is not available'],
      estimatedProblems: ['the disk is small'],
    };
    const error = await kit
      .restore({ stagingTo: '/staging' })
      .catch((failure: unknown) => failure as BackupError);
    expect(error).toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      details: {
        source: 'set 20260103_020000 (daily, memory)',
        problems: [
          expect.stringContaining('globals-20260103_020000.sql'),
          'the extension postgis is not available',
        ],
        overridable: ['the disk is small'],
      },
    });
    for (const part of ['globals-20260103_020000.sql', 'postgis', 'the disk is small'])
      expect((error as BackupError).message).toContain(part);
    untouched();
  });

  it('goes on in spite of doubts when it is forced, and never in spite of problems', async () => {
    kit.restorer.results = { estimatedProblems: ['the disk is small'] };
    await expect(kit.restore()).rejects.toMatchObject({ code: 'RESTORE_REFUSED' });
    expect(await kit.restore({ force: true })).toMatchObject({ warnings: ['the disk is small'] });
    kit.restorer.results = { problems: ['no postgis'] };
    await expect(kit.restore({ force: true })).rejects.toMatchObject({ code: 'RESTORE_REFUSED' });
  });

  it('does not restore a dump of other bytes than the manifest says, though it is a dump', async () => {
    kit.producer.rows = [{ schema: 'catalog', table: 'datasets', rows: 4 }];
    const other = await RestoreKit.make();
    other.producer.rows = kit.producer.rows;
    const forged = new Uint8Array(kit.store.artifacts.get(DUMP)!);
    forged[forged.length - 3] = forged.at(-3)! ^ 1;
    kit.store.artifacts.set(DUMP, forged);
    await expect(kit.restore()).rejects.toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
      message: expect.stringContaining('geolens_20260103_020000.dump') as string,
    });
    untouched();
  });

  describe('reads the artifacts with their own programs', () => {
    const asked: string[] = [];
    beforeEach(() => {
      asked.length = 0;
      const { producer, archiver } = kit;
      const [checkDump, checkArchive] = [producer.check.bind(producer), archiver.check.bind(archiver)];
      producer.check = (...given) => {
        asked.push('dump');
        return checkDump(...given);
      };
      archiver.check = (...given) => {
        asked.push('staging');
        return checkArchive(...given);
      };
    });

    it.each([
      [
        'not once more, when they were read through before, and are put aside whole before anything is replaced',
        {},
        [],
      ],
      ['in a dry run, which puts nothing aside', { dryRun: true }, ['dump', 'staging']],
      [
        'in place, where nothing stands between a dump and the live database',
        { mode: { kind: 'in-place' } },
        ['dump'],
      ],
      [
        'for single tables',
        { mode: { kind: 'tables', tables: ['catalog.datasets'], schemas: [] } },
        ['dump'],
      ],
    ] as const)('%s', async (_, change, expected) => {
      await kit.restore({ stagingTo: '/staging', ...change });
      expect(asked).toEqual(expected);
    });

    it('when no manifest says that they were read through', async () => {
      const source = await kit.source();
      await kit.restore({
        stagingTo: '/staging',
        source: { ...source, checks: { checksum: { outcome: 'passed', at: '2026-01-03T02:00:00Z' } } },
      });
      await kit.restore({ stagingTo: '/staging', source: { ...source, manifest: undefined, checks: {} } });
      expect(asked).toEqual(['dump', 'staging', 'dump', 'staging']);
    });
  });

  it('changes nothing and takes no lock in a dry run', async () => {
    expect(await kit.restore({ dryRun: true, stagingTo: '/staging' })).toMatchObject({
      outcome: 'checked',
      restored: undefined,
    });
    expect(kit.locked).toEqual([]);
    untouched();
  });

  it('asks before anything is changed, and takes no for an answer', async () => {
    const asked: unknown[] = [];
    const confirm = (plan: unknown): Promise<boolean> => Promise.resolve(asked.push(plan) > 1);
    await expect(kit.restore({}, { confirm })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(asked).toMatchObject([{ database: 'geolens', exists: true }]);
    untouched();
    expect(await kit.restore({}, { confirm })).toMatchObject({ outcome: 'restored' });
  });

  it('tells what a restore that died had left', async () => {
    kit.restorer.orphans = ['database geolens_restoring'];
    kit.staging.orphans = ['half a swap'];
    expect((await kit.restore({ stagingTo: '/staging' })).recovered).toEqual([
      'database geolens_restoring',
      'half a swap',
    ]);
  });

  it('warns of what the recovery of the files left alone, and goes on', async () => {
    kit.staging.recoveryWarnings = ['/staging holds a note that is ignored'];
    expect(await kit.restore({ stagingTo: '/staging' })).toMatchObject({
      outcome: 'restored',
      warnings: ['/staging holds a note that is ignored'],
    });
  });

  it('without files does not depend on their recovery', async () => {
    kit.staging.fault = () => new BackupError('STAGING_FAILED', '/staging: EIO');
    expect(await kit.restore({ stagingTo: undefined })).toMatchObject({ outcome: 'restored', warnings: [] });
  });

  it('is undone when it is stopped in the middle', async () => {
    const stop = new AbortController();
    const observer = ({ step }: { step: string }): void => {
      if (step === 'unpack') stop.abort();
    };
    await expect(
      kit.restore({ stagingTo: '/staging' }, { signal: stop.signal, observer }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
    untouched();
  });

  it('brings back single tables, and changes no file', async () => {
    kit.restorer.databases.set('geolens', [...LIVE, { schema: 'data', table: 'x', rows: 1 }]);
    await kit.restore({ mode: { kind: 'tables', tables: ['catalog.datasets'], schemas: [] } });
    expect(kit.restorer.databases.get('geolens')).toEqual([
      { schema: 'data', table: 'x', rows: 1 },
      ...BACKED_UP,
    ]);
  });

  it('in place, tells that the database is changed when rows are missing', async () => {
    kit.restorer.lostRows = 1;
    await expect(kit.restore({ mode: { kind: 'in-place' } })).rejects.toMatchObject({
      details: { reason: 'live-database-differs' },
      hint: expect.stringContaining('The live database was changed') as string,
    });
  });
});
