import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli.ts';

const IDENTITY = `AGE-SECRET-KEY-1${'QPZRY9X8'.repeat(7)}QP`;
const SSH =
  '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----';

/** What a command prints with these variables, on both outputs. */
async function printed(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; text: string }> {
  let text = '';
  const io = {
    stdout: (part: string) => void (text += part),
    stderr: (part: string) => void (text += part),
    stdin: () => Promise.resolve(Buffer.from(`${IDENTITY} and more`)),
  };
  const { signal } = new AbortController();
  const base = { BACKUP_DIR: import.meta.dirname, LOG_LEVEL: 'debug', PATH: process.env['PATH'] ?? '' };
  const code = await runCli(args, { env: { ...base, ...env }, io, signal });
  return { code, text };
}

describe('no private key is printed', () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>, number]>([
    ['as the identity', ['config'], { BACKUP_AGE_IDENTITY: IDENTITY }, 0],
    ['as the identity, in JSON', ['config', '--json'], { BACKUP_AGE_IDENTITY: IDENTITY }, 0],
    ['among the recipients', ['config'], { BACKUP_AGE_RECIPIENTS: `age1x,${IDENTITY}` }, 2],
    [
      'among the recipients, in small letters',
      ['list'],
      { BACKUP_AGE_RECIPIENTS: IDENTITY.toLowerCase() },
      2,
    ],
    ['among the recipients, of SSH', ['config'], { BACKUP_AGE_RECIPIENTS: SSH }, 2],
    [
      'among the recipients, though nothing is encrypted',
      ['config', '--json'],
      { BACKUP_AGE_RECIPIENTS: IDENTITY, BACKUP_ENCRYPT: 'off' },
      2,
    ],
    ['in the wrong variable', ['config'], { BACKUP_ENCRYPT: IDENTITY }, 2],
    ['in a variable of any text', ['config'], { BACKUP_COMMAND_PREFIX: `x ${IDENTITY}` }, 0],
    ['in a variable that does not exist', ['config'], { BACKUP_AGE_IDENTITYS: IDENTITY }, 0],
    [
      'as the path of an identity file',
      ['list', '--store', 'local'],
      { BACKUP_AGE_IDENTITY_FILE: IDENTITY },
      2,
    ],
    ['in place of the path', ['verify', '--identity-file', IDENTITY], {}, 2],
    ['in place of the path, in JSON', ['verify', '--json', '--identity-file', IDENTITY], {}, 2],
    ['on a damaged line of standard input', ['key', 'check', '--identity-file', '-'], {}, 2],
    ['as an argument', ['key', IDENTITY], {}, 2],
    ['as a set', ['verify', IDENTITY, '--store', 'local'], {}, 2],
    ['as an option', ['run', `--${IDENTITY}`], {}, 2],
    ['as a store', ['key', 'check', '--store', IDENTITY, '--identity-file', '-'], {}, 2],
  ])('%s', async (_, args, env, expected) => {
    const { code, text } = await printed(args, env);
    expect(text).not.toBe('');
    expect(text).not.toMatch(/QPZRY9X8|b3BlbnNz/i);
    expect(code, text).toBe(expected);
  });

  it('and the recipients are, which are public', async () => {
    const { text } = await printed(['config'], { BACKUP_AGE_RECIPIENTS: 'age1qpzry9x8' });
    expect(text).toMatch(/BACKUP_AGE_RECIPIENTS +age1qpzry9x8 +environment/);
  });
});
