import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { AgeCipher, generateIdentity } from '@geolens/backup-adapter-age';
import { Secret } from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import { runProgram } from '../../support/run-program.ts';

export const env = { PATH: process.env['PATH'] ?? '' };

/** A recipient and its identity. */
export interface Keys {
  readonly recipient: string;
  readonly identity: Secret;
}

export const ageKeys = (): Promise<Keys> => generateIdentity(env);

/** A pair of SSH keys, as ssh-keygen makes it with these arguments. */
export async function sshKeys(...args: readonly string[]): Promise<Keys> {
  const folder = await freshFolder();
  const file = join(folder, 'key');
  await runProgram('ssh-keygen', ['-q', '-C', 'a comment', '-f', file, ...args]);
  const [recipient, identity] = await Promise.all([readFile(`${file}.pub`, 'utf8'), readFile(file, 'utf8')]);
  return { recipient: recipient.trim(), identity: new Secret(identity) };
}

export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-age-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A cipher of one pair of keys. */
export const cipherOf = (
  { recipient, identity }: Keys,
  environment: ProgramEnvironment = env,
): Promise<AgeCipher> =>
  AgeCipher.create({ recipients: [recipient], identities: identity, env: environment });

/** An environment that marks the processes that get it, and a function that returns their ids. */
export function marked(): { readonly env: ProgramEnvironment; readonly processes: () => readonly number[] } {
  const mark = randomUUID();
  const processes = (): readonly number[] =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && environmentOf(pid).includes(mark));
  return { env: { ...env, MARK: mark }, processes };
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return ''; // it has ended, or belongs to another user
  }
}
