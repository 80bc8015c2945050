import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatSigningKey, generateSigningKey } from '@geolens/backup-core';
import { compose, composeContainer, TOKENS } from '../src/container.ts';
import { readConfig } from '../src/config/config.ts';

const config = readConfig({ BACKUP_DIR: '/nowhere', DATABASE_URL: 'postgresql://u@h/d' });

/** With the parts that only some configurations have. */
const encrypting = readConfig({
  BACKUP_DIR: '/nowhere',
  DATABASE_URL: 'postgresql://u@h/d',
  BACKUP_AGE_RECIPIENTS: 'age1vws32zw3hmjfs9pdhkt6ye6lg4hter957fur6hdc3wm5w87qxu5stcw0la',
  BACKUP_ENCRYPT: 'all',
  BACKUP_SIGNING_KEY: formatSigningKey(generateSigningKey()).trim(),
});

describe('the composition root', () => {
  it.each(Object.entries(TOKENS))('makes the part behind the token %s, once', async (_, token) => {
    const container = await composeContainer(encrypting);
    const part = container.resolve<unknown>(token);
    expect(part).toBeDefined();
    expect(container.resolve<unknown>(token)).toBe(part);
  });

  it('gives commands those parts, the primary store being one of the stores', async () => {
    const services = await compose(config);
    expect(services.replicas).toEqual([]);
    expect(services.stores).toEqual([services.primary]);
    expect(services.producer.database).toBe('d');
    for (const part of [
      'archiver',
      'clock',
      'journal',
      'lock',
      'primary',
      'producer',
      'retention',
      'stores',
    ] as const) {
      expect(services[part], part).toBe(services[part]);
    }
  });

  it('has the bucket as a replica, and among the stores, when copies on S3 are asked for', async () => {
    const { primary, replicas, stores } = await compose(
      readConfig({ BACKUP_DIR: '/nowhere', BACKUP_S3_ENABLED: 'true', S3_BUCKET: 'b' }),
    );
    expect(replicas.map(({ name }) => name)).toEqual(['s3']);
    // A run writes to it through the encryption; all else reads it as it is.
    expect(stores).toEqual([primary, replicas[0]?.capabilities.encryption?.store]);
  });

  it.each([
    ['atlas', 'survey'],
    ['a/b', 'a%2Fb'],
  ])(
    'gives the databases %s and %s a journal each in one folder: a run of one is none of the other',
    async (one, other) => {
      const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const journalOf = async (database: string) =>
        (await compose(readConfig({ BACKUP_DIR: folder, POSTGRES_DB: database }))).journal;
      await (await journalOf(one)).update({ lastSuccessAt: '2026-01-01T02:00:00Z' });
      await (await journalOf(other)).update({ firstStartAt: '2026-01-02T02:00:00Z' });
      expect(await (await journalOf(one)).read()).toEqual({ lastSuccessAt: '2026-01-01T02:00:00Z' });
      expect(await (await journalOf(other)).read()).toEqual({ firstStartAt: '2026-01-02T02:00:00Z' });
    },
  );

  it('shares no part between two configurations', async () => {
    expect((await compose(config)).primary).not.toBe((await compose(config)).primary);
  });
});
