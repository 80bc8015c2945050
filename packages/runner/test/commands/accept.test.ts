import { describe, expect, it } from 'vitest';
import { artifactKey, BackupError, readSets, type ArtifactStore, type Manifest } from '@geolens/backup-core';
import { formatManifest } from '@geolens/backup-core/internal';
import { FaultyStore, MemoryStore } from '@geolens/backup-core/testing';
import { accept } from '../../src/commands/accept.ts';
import { commandKit } from '../support/command-kit.ts';
import { MANIFEST } from '../support/sets.ts';

const T = MANIFEST.timestamp;
const SUSPICION = { reasons: ['it has 10 rows'], at: '2026-11-22T02:00:09.000Z' };
const FLAGS = { json: false, revoke: false, yes: false };
const away = new BackupError('STORE_UNAVAILABLE', 's3: no answer');

function storeWith(name: string, change: Partial<Manifest> = { suspicion: SUSPICION }): MemoryStore {
  const store = new MemoryStore(name);
  const manifest = { ...MANIFEST, ...change };
  for (const artifact of manifest.artifacts)
    store.artifacts.set(artifactKey('daily', artifact.name), new Uint8Array(artifact.bytes));
  store.artifacts.set(artifactKey('daily', `manifest-${T}.json`), Buffer.from(formatManifest(manifest)));
  return store;
}

const stateIn = async (store: ArtifactStore): Promise<string | undefined> =>
  (await readSets(store))[0]?.state;

describe('`accept`', () => {
  it('clears the suspicion everywhere, and says where', async () => {
    const [local, s3] = [storeWith('local'), storeWith('s3')];
    const { context, output } = await commandKit(local, [s3]);
    expect(await accept(context, T, FLAGS)).toBe(0);
    expect(output).toEqual({
      said: `set ${T} is accepted (daily, local; daily, s3): later sets are measured by it, and retention goes on\n`,
      logged: '',
    });
    expect([await stateIn(local), await stateIn(s3)]).toEqual(['complete', 'complete']);
  });

  it('says so when there is nothing to accept, and is done', async () => {
    const { context, output } = await commandKit(storeWith('local', {}));
    expect(await accept(context, T, FLAGS)).toBe(0);
    expect(output.said).toBe(`set ${T} is not suspicious: nothing was changed\n`);
  });

  it('accepts a failed restore test, and names the copies', async () => {
    const restoreTest = { outcome: 'failed', at: SUSPICION.at, reason: 'the view a fails' } as const;
    const local = storeWith('local', { checks: { restoreTest } });
    const { context, output } = await commandKit(local);
    expect(await accept(context, T, FLAGS)).toBe(0);
    expect(output.said).toBe(`the failed restore test of set ${T} is accepted (daily, local)\n`);
    expect((await readSets(local))[0]!.checks.restoreTest?.acceptedAt).toBeDefined();
  });

  it('ends with 3 when a store could not be asked, and has done the others', async () => {
    const local = storeWith('local');
    const { context, output } = await commandKit(local, [new FaultyStore(new MemoryStore('s3'), () => away)]);
    expect(await accept(context, T, { ...FLAGS, json: true })).toBe(3);
    expect(JSON.parse(output.said)).toEqual({
      timestamp: T,
      accepted: [{ store: 'local', tier: 'daily' }],
      errors: [{ code: 'STORE_UNAVAILABLE', message: 's3: no answer' }],
    });
    expect(output.logged).toMatch(/ERROR s3: no answer\n$/);
    expect(await stateIn(local)).toBe('complete');
  });

  it('asks on a terminal, with the figures and the reasons, and changes nothing without consent', async () => {
    const local = storeWith('local');
    const { context, output } = await commandKit(local);
    const questions: string[] = [];
    const asking = (answer: string): typeof context => ({
      ...context,
      io: {
        ...context.io,
        terminal: {
          ask: (question) => {
            questions.push(question);
            return Promise.resolve(answer);
          },
          status: () => undefined,
        },
      },
    });
    await expect(accept(asking('n'), T, FLAGS)).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await stateIn(local)).toBe('suspicious');
    expect(questions[0]).toBe(
      `set ${T} (daily, local): 6.4 kB, 1,234 rows\n- it has 10 rows\nAccept it as it is? Later sets are measured by it, and retention may remove the larger sets before it. Restore one of these first if data is lost. [y/N] `,
    );
    expect(await accept(asking('y'), T, FLAGS)).toBe(0);
    expect(await stateIn(local)).toBe('complete');
    expect(await accept(asking('n'), T, { ...FLAGS, revoke: true, yes: true })).toBe(0);
    expect(await stateIn(local)).toBe('suspicious');
    expect(questions).toHaveLength(2);
    expect(output.said).toContain(`set ${T} is suspicious again (daily, local), and retention `);
  });

  it('revokes an accepted failure of a restore test, and nothing that was not accepted', async () => {
    const restoreTest = { outcome: 'failed', at: SUSPICION.at, reason: 'the view a fails' } as const;
    const local = storeWith('local', { checks: { restoreTest } });
    const { context, output } = await commandKit(local);
    expect(await accept(context, T, { ...FLAGS, revoke: true })).toBe(0);
    expect(output.said).toBe(`set ${T} is not accepted: nothing was changed\n`);
    await accept(context, T, FLAGS);
    expect(await accept(context, T, { ...FLAGS, revoke: true })).toBe(0);
    expect(output.said).toContain(
      `the failed restore test of set ${T} is no longer accepted (daily, local)\n`,
    );
    expect((await readSets(local))[0]!.checks.restoreTest).toEqual(restoreTest);
  });

  it.each(['latest', '20261131_020000', '2026-11-22', ''])(
    'refuses %j, and says what it takes',
    async (text) => {
      const { context } = await commandKit(storeWith('local'));
      await expect(accept(context, text, FLAGS)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        hint: expect.stringContaining('for example 20261122_020000') as string,
      });
    },
  );

  it('refuses a set that is not there', async () => {
    const { context } = await commandKit(storeWith('local'));
    await expect(accept(context, '20260101_000000', FLAGS)).rejects.toMatchObject({ code: 'SET_NOT_FOUND' });
  });
});
