import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { FakeCipher, FaultyStore, MemoryStore } from '@geolens/backup-core/testing';
import { keyCheck } from '../../src/commands/key-check.ts';
import { restore } from '../../src/commands/restore.ts';
import { verify } from '../../src/commands/verify.ts';
import { encryptedKit } from '../support/encrypted-kit.ts';
import { RESTORE_FLAGS } from '../support/restore-flags.ts';
import { expectOutput } from '../support/schemas.ts';

const FLAGS = { json: false, store: 'all' };
const NOW = '2026-02-01T00:00:00.000Z';

describe('`key check`', () => {
  it('ends with 0 when the identity opens the newest encrypted set, and records the recipient', async () => {
    const { context, output, services } = await encryptedKit();
    expect(await keyCheck(context, FLAGS)).toBe(0);
    expect(output.said).toMatch(/^local +- +- +no whole encrypted set$/m);
    expect(output.said).toMatch(/^s3 +20260201_000000 +alice +passed$/m);
    expect((await services.journal.read()).keyChecks).toEqual({ alice: NOW });
  });

  it('keeps the times of other recipients, and drops those that are none any more', async () => {
    const { context, services } = await encryptedKit();
    await services.journal.update({ keyChecks: { escrow: '2026-01-01T00:00:00.000Z', former: NOW } });
    await keyCheck(context, FLAGS);
    expect((await services.journal.read()).keyChecks).toEqual({
      alice: NOW,
      escrow: '2026-01-01T00:00:00.000Z',
    });
  });

  it('ends with 2 when the identity opens nothing, and names the recipients of the set', async () => {
    const { context, output, services } = await encryptedKit(['bob']);
    expect(await keyCheck(context, FLAGS)).toBe(2);
    expect(output.said).toMatch(/^s3 +20260201_000000 +- +FAILED: .* is encrypted to alice, escrow, and /m);
    expect(output.logged).toContain('no given identity opens it (bob)');
    expect((await services.journal.read()).keyChecks).toBeUndefined();
  });

  it('refuses to start without an identity', async () => {
    const { context } = await encryptedKit([]);
    await expect(keyCheck(context, FLAGS)).rejects.toMatchObject({
      code: 'KEY_MISSING',
      details: { reason: 'identity-missing' },
    });
  });

  it('finds no set where none is encrypted', async () => {
    const { context } = await encryptedKit();
    await expect(keyCheck(context, { ...FLAGS, store: 'local' })).rejects.toMatchObject({
      code: 'SET_NOT_FOUND',
    });
  });

  it('ends with 3 when a store cannot be read, and checks the others', async () => {
    const { context, output, bucket, services } = await encryptedKit();
    const away = new FaultyStore(
      new MemoryStore('s4'),
      () => new BackupError('STORE_UNAVAILABLE', 'no route'),
    );
    const changed = { ...context, services: { ...services, stores: [away, bucket] } };
    expect(await keyCheck(changed, FLAGS)).toBe(3);
    expect(output.said).toMatch(/^s4 .* could not be read: no route/m);
    expect(output.said).toMatch(/^s3 .* passed$/m);
  });

  it('ends with 5 when the dump is damaged', async () => {
    const { context, output, bucket } = await encryptedKit();
    for (const [key, bytes] of bucket.artifacts)
      if (key.endsWith('.dump.age')) bucket.artifacts.set(key, bytes.with(-1, bytes.at(-1)! ^ 1));
    expect(await keyCheck(context, FLAGS)).toBe(5);
    expect(output.said).toContain('.dump.age: ');
  });

  it('names identities that were not needed', async () => {
    const { context, output } = await encryptedKit(['escrow', 'alice']);
    expect(await keyCheck(context, FLAGS)).toBe(0);
    expect(output.said).toContain('not tested: alice. Check identities one at a time\n');
  });

  it('names an identity whose recipient gets no new sets', async () => {
    const { context, output, services } = await encryptedKit();
    const readCipher = new FakeCipher(['escrow'], ['alice']);
    expect(await keyCheck({ ...context, services: { ...services, readCipher } }, FLAGS)).toBe(0);
    expect(output.said).toContain('passed: it is of no recipient in BACKUP_AGE_RECIPIENTS');
  });

  it.each([
    ['passed', ['alice']],
    ['failed', ['bob']],
  ])('prints a check that %s as JSON', async (outcome, identities) => {
    const { context, output } = await encryptedKit(identities);
    await keyCheck(context, { ...FLAGS, json: true });
    expect(expectOutput('key', output.said)).toMatchObject({
      identities,
      stores: [
        { store: 'local', outcome: 'skipped' },
        { store: 's3', outcome, timestamp: '20260201_000000', recipients: ['alice', 'escrow'] },
      ],
    });
  });

  it('passes even if its time cannot be recorded', async () => {
    const { context, output, services } = await encryptedKit();
    services.journal.update = () => Promise.reject(new BackupError('STORE_FULL', 'disk full'));
    expect(await keyCheck(context, FLAGS)).toBe(0);
    expect(output.logged).toContain('WARN  the check of the key is not recorded: disk full');
  });
});

describe('the check of a key is also recorded by', () => {
  it('a restore from an encrypted set, and no dry run', async () => {
    const { context, services } = await encryptedKit();
    const flags = { ...RESTORE_FLAGS, store: 's3', staging: false };
    await restore(context, 'latest', { ...flags, dryRun: true });
    expect((await services.journal.read()).keyChecks).toBeUndefined();
    await restore(context, 'latest', flags);
    expect((await services.journal.read()).keyChecks).toEqual({ alice: NOW });
  });

  it('a restore test of an encrypted set, and none of a plain one', async () => {
    const { context, services } = await encryptedKit();
    const flags = { restore: true, all: false, store: 'local', json: false };
    expect(await verify(context, 'latest', flags)).toBe(0);
    expect((await services.journal.read()).keyChecks).toBeUndefined();
    expect(await verify(context, 'latest', { ...flags, store: 's3' })).toBe(0);
    expect((await services.journal.read()).keyChecks).toEqual({ alice: NOW });
  });
});
