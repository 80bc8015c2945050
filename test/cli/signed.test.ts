import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { ageKeys, freshFolder } from '../adapter-age/support/keys.ts';
import { freshBucket, replicaEnv, type TestBucket } from '../support/buckets.ts';
import { newOperator, onAWeekday, type Operator } from '../support/operator.ts';
import { runProgram } from '../support/run-program.ts';

interface Keys {
  readonly folder: string;
  readonly env: Record<string, string>;
}

/** A key pair as minisign makes it, or as `key generate --signing` prints it, and the variables for it. */
async function keysOf(operator: Operator, program: 'minisign' | 'geolens-backup'): Promise<Keys> {
  const folder = await freshFolder();
  const [secret, publicKey] = [join(folder, 'secret'), join(folder, 'public')];
  if (program === 'minisign') await runProgram('minisign', ['-G', '-W', '-p', publicKey, '-s', secret]);
  else {
    const end = await operator.backup(['key', 'generate', '--signing']);
    await writeFile(secret, end.stdout, { mode: 0o600 });
    await writeFile(publicKey, `untrusted comment: x\n${/RW\S+/.exec(end.stderr)?.[0] ?? ''}\n`);
  }
  const trusted = (await readFile(publicKey, 'utf8')).split('\n')[1] ?? '';
  return { folder, env: { BACKUP_SIGNING_KEY_FILE: secret, BACKUP_TRUSTED_KEYS: trusted } };
}

describe.skipIf(inject('gateway') === undefined)('signed sets', () => {
  let operator: Operator;
  let bucket: TestBucket;

  beforeEach(async () => {
    [operator, bucket] = await Promise.all([newOperator(), freshBucket()]);
  });

  async function stateOf(env: Record<string, string>, timestamp: string): Promise<string[]> {
    const end = await operator.backup(['list', '--json'], { env });
    const sets = JSON.parse(end.stdout) as {
      timestamp: string;
      copies: { store: string; state: string }[];
    }[];
    return sets
      .filter((set) => set.timestamp === timestamp)
      .flatMap(({ copies }) => copies.map(({ store, state }) => `${store} ${state}`));
  }

  it.each(['minisign', 'geolens-backup'] as const)(
    'of a key that %s made are accepted by minisign, in the bucket too, also where copies are encrypted',
    async (program) => {
      const { folder, env } = await keysOf(operator, program);
      const { recipient } = await ageKeys();
      const all = { ...replicaEnv(bucket), ...env, BACKUP_AGE_RECIPIENTS: recipient };
      const timestamp = await operator.goodRun({ env: all });
      const name = `manifest-${timestamp}.json`;
      const verify = (file: string): Promise<string> =>
        runProgram('minisign', ['-V', '-p', join(folder, 'public'), '-m', file]);
      expect(await verify(operator.path('daily', name))).toContain(
        `set ${timestamp} of database "${operator.database.database}" of installation "default"`,
      );
      for (const file of [name, `${name}.minisig`])
        await bucket.download(`backups/daily/${file}`, join(folder, file));
      expect(await verify(join(folder, name))).toContain('Signature and comment signature verified');
      expect(await stateOf(all, timestamp)).toEqual(['local complete', 's3 complete']);
    },
  );

  it('that minisign itself signed are accepted', async () => {
    const { env } = await keysOf(operator, 'minisign');
    const timestamp = await operator.goodRun({ env });
    const manifest = operator.path('daily', `manifest-${timestamp}.json`);
    const comment = (await readFile(`${manifest}.minisig`, 'utf8'))
      .split('\n')[2]!
      .replace('trusted comment: ', '');
    await rm(`${manifest}.minisig`);
    expect(await stateOf(env, timestamp)).toEqual(['local untrusted']);
    await runProgram('minisign', [
      '-S',
      '-s',
      env['BACKUP_SIGNING_KEY_FILE']!,
      '-m',
      manifest,
      '-t',
      comment,
    ]);
    expect(await stateOf(env, timestamp)).toEqual(['local complete']);
  });

  it('are the newest ones though the bucket has a newer one that is not signed, which is restored with --force alone', async () => {
    const { env } = await keysOf(operator, 'geolens-backup');
    const s3 = replicaEnv(bucket);
    const forged = await operator.goodRun({ env: s3, ...onAWeekday() });
    const all = { ...s3, ...env };
    expect(await stateOf(all, forged)).toEqual(['local untrusted', 's3 untrusted']);
    const latest = await operator.backup(['restore', 'latest', '--dry-run'], { env: all });
    expect(latest.code).toBe(2);
    expect(latest.stderr).toContain('it is not trusted: it is not signed');
    const refused = await operator.backup(['restore', forged, '--yes', '--no-staging'], { env: all });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('--force');
    const dryRun = await operator.backup(['restore', forged, '--dry-run', '--force'], { env: all });
    expect(dryRun.code, dryRun.stderr).toBe(0);
    const trust = await operator.backup(['trust', '--before', '2999-01-01', '--yes'], { env: all });
    expect(trust.code, trust.stderr).toBe(0);
    expect(await stateOf(all, forged)).toEqual(['local complete', 's3 complete']);
    const restored = await operator.backup(['restore', 'latest', '--dry-run'], { env: all });
    expect(restored.code, restored.stderr).toBe(0);
  });

  it('are required of a host that knows keys: wrong ones are a start error, and no secret is printed', async () => {
    const { env } = await keysOf(operator, 'minisign');
    const other = await keysOf(operator, 'minisign');
    const secret = await readFile(env['BACKUP_SIGNING_KEY_FILE']!, 'utf8');
    for (const [change, words] of [
      [
        { BACKUP_TRUSTED_KEYS: other.env['BACKUP_TRUSTED_KEYS']! },
        'BACKUP_TRUSTED_KEYS lacks the key that signs',
      ],
      [{ BACKUP_TRUSTED_KEYS: 'RWx' }, 'BACKUP_TRUSTED_KEYS: a trusted key is no public key'],
      [{ BACKUP_TRUSTED_KEYS: secret }, 'BACKUP_TRUSTED_KEYS: a trusted key is no public key'],
      [
        { BACKUP_SIGNING_KEY_FILE: '', BACKUP_SIGNING_KEY: 'secret word' },
        'BACKUP_SIGNING_KEY: the signing key is no',
      ],
    ] as const) {
      const end = await operator.backup(['run'], { env: { ...env, ...change } });
      expect(end.code, end.stderr).toBe(2);
      expect(end.stderr).toContain(words);
      expect(end.stderr).not.toMatch(/secret word|RWQAAEIy/);
    }
  });
});
