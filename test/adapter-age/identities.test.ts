import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { armor, Encrypter } from 'age-encryption';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fingerprintOf, generateIdentity, unlockIdentities } from '@geolens/backup-adapter-age';
import { until } from '../../packages/system/test/support/processes.ts';
import { runProgram } from '../support/run-program.ts';
import { ageKeys, env, freshFolder, sshKeys, type Keys } from './support/keys.ts';

const UNLOCK = fileURLToPath(new URL('support/scripts/unlock.ts', import.meta.url));
const PASSPHRASE = 'correct horse battery';

/** An identity file with a passphrase. */
async function lockedFile({ identity }: Keys, isArmored: boolean): Promise<string> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(PASSPHRASE);
  encrypter.setScryptWorkFactor(10);
  const content = await encrypter.encrypt(identity.reveal());
  const path = join(await freshFolder(), 'identity.age');
  await writeFile(path, isArmored ? armor.encode(content) : content);
  return path;
}

/**
 * Unlocks the file in a session with a terminal. Types the passphrase once age has switched the echo off, which
 * it does some time after it asks.
 */
async function unlockAtTerminal(path: string, passphrase: string): Promise<string> {
  const command = `tty; exec ${process.execPath} --conditions=geolens-source ${UNLOCK} ${path}`;
  const args = ['--quiet', '--return', '--echo', 'always', '--command', command, '/dev/null'];
  const child = spawn('script', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const end = once(child, 'close');
  onTestFinished(() => void child.kill());
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  await until(() => /passphrase.*:/i.test(shown), 'age asks');
  const [terminal = ''] = /^\/dev\/\S+/.exec(shown) ?? [];
  const hasNoEcho = async (): Promise<boolean> =>
    (await runProgram('stty', ['-F', terminal, '-a'])).split(/\s+/).includes('-echo');
  await until(hasNoEcho, 'the echo is off');
  child.stdin.write(`${passphrase}\n`);
  await until(() => /(?:unlocked|failed) [^\n]*\n/.test(shown), 'the file is unlocked, or not');
  child.stdin.end();
  await end;
  return shown;
}

describe('a new identity', () => {
  it('is one that age-keygen knows, with its recipient and its time', async () => {
    const { recipient, identity, createdAt } = await generateIdentity(env);
    const derived = await runProgram('age-keygen', ['-y'], { input: identity.reveal() });
    expect(derived.trim()).toBe(recipient);
    expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(60_000);
    expect((await ageKeys()).recipient).not.toBe(recipient);
  });
});

describe('an identity file', () => {
  it.each([false, true])('with a passphrase is unlocked at the terminal (armored: %s)', async (isArmored) => {
    const keys = await ageKeys();
    const shown = await unlockAtTerminal(await lockedFile(keys, isArmored), PASSPHRASE);
    expect(shown).toContain(`unlocked ${fingerprintOf(keys.recipient)}`);
    expect(shown).not.toContain(PASSPHRASE);
  });

  it('stays locked with another passphrase', async () => {
    const shown = await unlockAtTerminal(await lockedFile(await ageKeys(), false), 'wrong');
    expect(shown).toContain('failed KEY_MISSING identity-wrong');
  });

  it('with a passphrase takes a terminal', async () => {
    const path = await lockedFile(await ageKeys(), false);
    const node = [process.execPath, '--conditions=geolens-source', UNLOCK, path];
    const shown = await runProgram('setsid', ['--wait', ...node]);
    expect(shown).toMatch(/^failed CONFIG_INVALID .*terminal/);
  });

  it('without a passphrase is taken as it is', async () => {
    for (const { identity } of [await ageKeys(), await sshKeys('-t', 'ed25519', '-N', '')])
      expect((await unlockIdentities(Buffer.from(identity.reveal()), env)).reveal()).toBe(identity.reveal());
  });
});
