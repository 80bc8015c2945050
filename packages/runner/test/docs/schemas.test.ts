import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BackupError, generateSigningKey, manifestSigner } from '@geolens/backup-core';
import { FaultyStore, MemoryStore } from '@geolens/backup-core/testing';
import { runCli } from '../../src/cli.ts';
import { accept } from '../../src/commands/accept.ts';
import { cleanup } from '../../src/commands/cleanup.ts';
import { config } from '../../src/commands/config.ts';
import { doctor } from '../../src/commands/doctor.ts';
import { health } from '../../src/commands/health.ts';
import { hold, release } from '../../src/commands/hold.ts';
import { keyCheck } from '../../src/commands/key-check.ts';
import { list } from '../../src/commands/list.ts';
import { prune } from '../../src/commands/prune.ts';
import { trust } from '../../src/commands/trust.ts';
import { remove } from '../../src/commands/remove.ts';
import { restore } from '../../src/commands/restore.ts';
import { run } from '../../src/commands/run.ts';
import { verify } from '../../src/commands/verify.ts';
import type { CommandContext } from '../../src/services.ts';
import { commandKit, type CommandKit } from '../support/command-kit.ts';
import { encryptedKit } from '../support/encrypted-kit.ts';
import { RESTORE_FLAGS } from '../support/restore-flags.ts';
import { expectOutput } from '../support/schemas.ts';

const json = true;
const T = '20200101_020000';
const VERIFY = { restore: true, all: true, store: 'all', json };

/** Commands after a run. */
const OUTPUTS: Readonly<
  Record<string, (context: CommandContext, timestamp: string) => Promise<number> | number>
> = {
  list: (context) => list(context, { json, store: 'all' }),
  prune: (context) => prune(context, { json, dryRun: false }),
  remove: (context, timestamp) => remove(context, timestamp, { json, dryRun: false, yes: true, force: true }),
  verify: (context) => verify(context, 'latest', VERIFY),
  accept: (context, timestamp) => accept(context, timestamp, { json, revoke: false, yes: true }),
  restore: (context) => restore(context, 'latest', RESTORE_FLAGS),
  cleanup: (context) => cleanup(context, { json, dryRun: true, yes: true }),
  doctor: (context) => doctor(context, { json }),
  health: (context) => health(context, { json }),
  config: (context) => config(context, { json }),
};

async function kitAfterRun(): Promise<CommandKit & { readonly timestamp: string }> {
  const kit = await commandKit(new MemoryStore(), [new MemoryStore('s3')]);
  await run(kit.context, { json });
  const { timestamp } = expectOutput('run', kit.output.said) as { readonly timestamp: string };
  kit.output.said = '';
  return { ...kit, timestamp };
}

describe('docs/schemas', () => {
  it.each(Object.entries(OUTPUTS))('describes the output of `%s --json`', async (name, work) => {
    const { context, output, timestamp } = await kitAfterRun();
    await work(context, timestamp);
    expectOutput(name, output.said);
  });

  it('has a schema for each command, for errors and for common parts, and no other', () => {
    const names = readdirSync(new URL('../../../../docs/schemas', import.meta.url)).map((file) =>
      file.replace('.json', ''),
    );
    expect(names.sort()).toEqual(
      [...Object.keys(OUTPUTS), 'run', 'key', 'trust', 'hold', 'common', 'error'].sort(),
    );
  });

  it('describes a hold and its end', async () => {
    const { context, output, timestamp } = await kitAfterRun();
    const flags = { json, note: 'before the migration', until: '2200-01-01' };
    expect(await hold(context, timestamp, flags)).toBe(0);
    expect(expectOutput('hold', output.said)).toMatchObject({ hold: { note: flags.note } });
    output.said = '';
    await list(context, { json, store: 'all' });
    expect(expectOutput('list', output.said)).toMatchObject([{ hold: { note: flags.note } }, {}]);
    output.said = '';
    await list(context, { json: false, store: 'all' });
    expect(output.said).toContain('complete: held until 2200-01-01: before the migration');
    output.said = '';
    expect(await release(context, timestamp, { json })).toBe(0);
    expect(expectOutput('hold', output.said)).not.toHaveProperty('hold');
    await expect(hold(context, 'latest', flags)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(hold(context, timestamp, { json, until: 'tomorrow' })).rejects.toMatchObject({
      message: '--until tomorrow is not a date such as 2027-11-29',
    });
  });

  it('describes what `trust --json` signed', async () => {
    const { context, output } = await kitAfterRun();
    const services = { ...context.services, signer: manifestSigner(generateSigningKey(), 'here') };
    expect(await trust({ ...context, services }, { before: '2200-01-01', yes: true, json })).toBe(0);
    const { signed } = expectOutput('trust', output.said) as {
      readonly signed: readonly { store: string }[];
    };
    expect(new Set(signed.map(({ store }) => store))).toEqual(new Set(['memory', 's3']));
    const flags = { before: 'yesterday', yes: true, json };
    await expect(trust({ ...context, services }, flags)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(trust(context, { ...flags, before: '2200-01-01' })).rejects.toMatchObject({
      message: 'there is no key to sign with',
    });
  });

  it('describes encrypted sets', async () => {
    const { context, output } = await encryptedKit();
    await list(context, { json, store: 'all' });
    const encryption = { scheme: 'fake', recipients: ['alice', 'escrow'] };
    const [set] = expectOutput('list', output.said) as [{ readonly copies: readonly object[] }];
    expect(set).not.toHaveProperty('encryption');
    expect(set.copies).toMatchObject([{ store: 'local' }, { store: 's3', encryption }]);
    output.said = '';
    await list(context, { json, store: 's3' });
    expect(expectOutput('list', output.said)).toMatchObject([{ encryption }, { encryption }]);
    output.said = '';
    await verify(context, 'latest', { ...VERIFY, all: false, store: 's3' });
    expectOutput('verify', output.said);
    output.said = '';
    await keyCheck(context, { json, store: 'all' });
    expectOutput('key', output.said);
  });

  it('describes a restore of the files alone', async () => {
    const { context, output } = await kitAfterRun();
    const flags = { ...RESTORE_FLAGS, filesOnly: true };
    expect(await restore(context, 'latest', flags)).toBe(0);
    expect(expectOutput('restore', output.said)).toMatchObject({ mode: { kind: 'files' } });
    await expect(restore(context, 'latest', { ...flags, into: 'other' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('describes a failed run', async () => {
    const { context, output } = await commandKit(new MemoryStore());
    context.services.producer.snapshot = () =>
      Promise.reject(new BackupError('DATABASE_UNREACHABLE', 'no server', { hint: 'Start it' }));
    expect(await run(context, { json })).toBe(1);
    expect(expectOutput('run', output.said)).toMatchObject({
      error: { code: 'DATABASE_UNREACHABLE', message: 'no server', hint: 'Start it' },
    });
  });

  it('describes an incomplete removal', async () => {
    const error = new BackupError('STORE_FAILED', 'EIO');
    const store = new MemoryStore();
    const primary = new FaultyStore(store, ({ operation }) => (operation === 'remove' ? error : undefined));
    for (const day of ['01', '02'])
      store.artifacts.set(`daily/geolens_202601${day}_020000.dump`, new Uint8Array(1));
    const { context, output } = await commandKit(primary);
    await expect(prune(context, { json, dryRun: false })).rejects.toBe(error);
    expect(expectOutput('prune', output.said)).toMatchObject({
      removed: [],
      error: { code: 'STORE_FAILED' },
    });
  });
});

describe('`--json` of a command that fails', () => {
  it.each([
    ['a flag that does not exist', ['run', '--fast', '--json'], {}, 2, 'CONFIG_INVALID', 'unknown option'],
    ['a command that does not exist', ['--json', 'runn'], {}, 2, 'CONFIG_INVALID', 'unknown'],
    ['a wrong setting', ['list', '--json'], { BACKUP_S3_ENABLED: '3' }, 2, 'CONFIG_INVALID', 'S3_ENABLED'],
    ['a missing folder', ['list', '--json'], { BACKUP_DIR: '/nowhere' }, 2, 'CONFIG_INVALID', '/nowhere'],
    ['a missing set', ['verify', T, '--json'], { BACKUP_DIR: import.meta.dirname }, 2, 'SET_NOT_FOUND', T],
  ])('prints one error for %s', async (_, args, env, exitCode, code, words) => {
    const said = { stdout: '', stderr: '' };
    const io = {
      stdout: (text: string) => void (said.stdout += text),
      stderr: (text: string) => void (said.stderr += text),
    };
    const signal = new AbortController().signal;
    const given = { POSTGRES_DB: 'geolens', ...env };
    expect(await runCli(args, { env: given, io, signal })).toBe(exitCode);
    expect(expectOutput('error', said.stdout)).toMatchObject({
      error: { code, message: expect.stringContaining(words) as string },
    });
    expect(said.stderr).toContain(words);
  });
});
