import { describe, expect, it } from 'vitest';
import { AgeDiagnosticCheck, checkRecipients, fingerprintOf } from '@geolens/backup-adapter-age';
import { failure } from '../../packages/system/test/support/failure.ts';
import { ageKeys, env, freshFolder, sshKeys } from './support/keys.ts';

const { signal } = new AbortController();

const inspect = (
  recipients: readonly string[],
  environment = env,
): ReturnType<AgeDiagnosticCheck['inspect']> =>
  new AgeDiagnosticCheck({ recipients, env: environment }).inspect({ signal });

describe('the check of recipients', () => {
  it('accepts what age encrypts to', async () => {
    const [age, ed25519, rsa] = [
      (await ageKeys()).recipient,
      (await sshKeys('-t', 'ed25519', '-N', '')).recipient,
      (await sshKeys('-t', 'rsa', '-b', '2048', '-N', '')).recipient,
    ];
    const found = await checkRecipients(`# office\n${age},\n${ed25519}\n${rsa}\n`, env);
    expect(found).toEqual([age, ...[ed25519, rsa].map((key) => key.split(' ', 2).join(' '))]);
    expect(await checkRecipients('# nothing\n', env)).toEqual([]);
  });

  it('names each recipient that age refuses, with the reason', async () => {
    const good = (await ageKeys()).recipient;
    const cut = good.slice(0, -1);
    const ecdsa = (await sshKeys('-t', 'ecdsa', '-N', '')).recipient.split(' ', 2).join(' ');
    const bad = [cut, 'age1yubikey1qwerty', ecdsa, 'nonsense'];
    const { message } = await failure('CONFIG_INVALID', checkRecipients([good, ...bad].join('\n'), env));
    for (const one of bad) expect(message).toContain(`refuses the recipient ${one}: `);
    expect(message).not.toContain(`${good}:`);
    expect(message).not.toContain('age: error');
  });

  it('shows no identity', async () => {
    const { identity } = await ageKeys();
    const [line = ''] = /AGE-SECRET-KEY-.*/.exec(identity.reveal()) ?? [];
    const { message, hint } = await failure('CONFIG_INVALID', checkRecipients(line, env));
    expect(`${message} ${hint}`).not.toContain(line);
  });

  it('is PROGRAM_MISSING without age', async () => {
    await failure('PROGRAM_MISSING', checkRecipients('age1x', { PATH: await freshFolder() }));
  });
});

describe('the diagnostic check', () => {
  it('shows the version, and the recipients by their fingerprints', async () => {
    const recipients = [(await ageKeys()).recipient, (await ageKeys()).recipient];
    const results = await inspect(recipients);
    expect(results.map(({ subject, level }) => [subject, level])).toEqual([
      ['age', 'ok'],
      ['age recipients', 'ok'],
    ]);
    expect(results[0]?.message).toMatch(/^version \d+\.\d+/);
    for (const one of recipients) expect(results[1]?.message).toContain(fingerprintOf(one));
  });

  it('warns of a single recipient', async () => {
    const [, result] = await inspect([(await ageKeys()).recipient]);
    expect(result).toMatchObject({ level: 'warn' });
    expect(result?.message).toContain('no second recipient');
  });

  it('fails without a recipient, with one that age refuses, and without age', async () => {
    expect((await inspect([])).map(({ level }) => level)).toEqual(['ok', 'fail']);
    expect((await inspect(['age1nonsense'])).map(({ level }) => level)).toEqual(['ok', 'fail']);
    const missing = await inspect(['age1nonsense'], { PATH: await freshFolder() });
    expect(missing.map(({ subject, level }) => [subject, level])).toEqual([['age', 'fail']]);
  });
});
