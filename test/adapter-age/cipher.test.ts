import { randomBytes } from 'node:crypto';
import { Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { AgeCipher, fingerprintOf } from '@geolens/backup-adapter-age';
import { HEADER_BYTES, Secret } from '@geolens/backup-core';
import { chunksOf, readAll, sourceOf } from '@geolens/backup-core/testing';
import { failure } from '../../packages/system/test/support/failure.ts';
import { runProgram } from '../support/run-program.ts';
import { ageKeys, cipherOf, env, sshKeys, type Keys } from './support/keys.ts';

const CHUNK = 64 * 1024;
const KINDS: readonly (readonly [string, () => Promise<Keys>])[] = [
  ['age', ageKeys],
  ['ssh-ed25519', () => sshKeys('-t', 'ed25519', '-N', '')],
  ['ssh-rsa', () => sshKeys('-t', 'rsa', '-b', '2048', '-N', '')],
  ['ssh-rsa in PKCS#1', () => sshKeys('-t', 'rsa', '-b', '2048', '-N', '', '-m', 'PEM')],
  ['ssh-rsa in PKCS#8', () => sshKeys('-t', 'rsa', '-b', '2048', '-N', '', '-m', 'PKCS8')],
];

const encrypted = async (cipher: AgeCipher, plain: Uint8Array): Promise<Buffer> =>
  readAll((await cipher.encrypt(sourceOf(plain))).content);

const decrypted = (cipher: AgeCipher, content: Uint8Array): Promise<Buffer> =>
  readAll(cipher.decrypt(chunksOf(content)));

describe('a content', () => {
  it.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 1_000_003])(
    'of %i bytes is decrypted as it was, and has the announced length',
    async (length) => {
      const cipher = await cipherOf(await ageKeys());
      const plain = randomBytes(length);
      const text = await cipher.encrypt(sourceOf(plain));
      const content = await readAll(text.content);
      expect(content.length).toBe(text.bytes);
      expect(cipher.plainBytes(content.length, content.subarray(0, HEADER_BYTES))).toBe(length);
      expect((await decrypted(cipher, content)).equals(plain)).toBe(true);
    },
  );

  it.each(KINDS)('to a recipient of the kind %s is decrypted with its identity', async (_, make) => {
    const keys = await make();
    const cipher = await cipherOf(keys);
    expect(cipher.recipients).toEqual([fingerprintOf(keys.recipient)]);
    expect(cipher.identities).toEqual(cipher.recipients);
    const plain = randomBytes(100_000);
    expect((await decrypted(cipher, await encrypted(cipher, plain))).equals(plain)).toBe(true);
  });

  it('to several recipients is decrypted by each of them alone', async () => {
    const all = await Promise.all(KINDS.map(([, make]) => make()));
    const recipients = all.map(({ recipient }) => recipient);
    const content = await encrypted(await AgeCipher.create({ recipients, env }), Buffer.from('hello'));
    for (const { identity } of all) {
      const cipher = await AgeCipher.create({ recipients: [], identities: identity, env });
      expect((await decrypted(cipher, content)).toString()).toBe('hello');
    }
  });

  it('is decrypted with any of the identities of a file', async () => {
    const [one, two] = [await ageKeys(), await ageKeys()];
    const both = new Secret(`${one.identity.reveal()}\n# second\n${two.identity.reveal()}`);
    const cipher = await AgeCipher.create({ recipients: [], identities: both, env });
    expect(cipher.identities).toEqual([one, two].map(({ recipient }) => fingerprintOf(recipient)));
    for (const keys of [one, two]) {
      const content = await encrypted(await cipherOf(keys), Buffer.from('hello'));
      expect((await decrypted(cipher, content)).toString()).toBe('hello');
    }
  });

  it('is encrypted to other bytes each time', async () => {
    const cipher = await cipherOf(await ageKeys());
    const plain = Buffer.from('hello');
    expect((await encrypted(cipher, plain)).equals(await encrypted(cipher, plain))).toBe(false);
  });
});

describe('another implementation of the format', () => {
  it('opens what the cipher makes, and the cipher opens what it makes', async () => {
    const keys = await ageKeys();
    const cipher = await cipherOf(keys);
    const [line = ''] = /AGE-SECRET-KEY-.*/.exec(keys.identity.reveal()) ?? [];
    expect(await identityToRecipient(line)).toBe(keys.recipient);
    for (const length of [0, 5, CHUNK, 2 * CHUNK + 7]) {
      const plain = randomBytes(length);
      const decrypter = new Decrypter();
      decrypter.addIdentity(line);
      const opened = await decrypter.decrypt(await encrypted(cipher, plain));
      expect(plain.equals(opened)).toBe(true);
      const encrypter = new Encrypter();
      encrypter.addRecipient(keys.recipient);
      const made = await encrypter.encrypt(plain);
      expect(cipher.plainBytes(made.length, made.subarray(0, HEADER_BYTES))).toBe(length);
      expect((await decrypted(cipher, made)).equals(plain)).toBe(true);
    }
  });
});

describe('a key', () => {
  it('that is missing is reported before anything is read', async () => {
    const cipher = await AgeCipher.create({ recipients: [(await ageKeys()).recipient], env });
    expect(cipher.identities).toEqual([]);
    let opened = false;
    const content = (async function* () {
      opened = true;
      yield await Promise.resolve(Buffer.from('x'));
    })();
    const { details } = await failure('KEY_MISSING', readAll(cipher.decrypt(content)));
    expect(details.reason).toBe('identity-missing');
    expect(opened).toBe(false);
  });

  it.each(KINDS)('of the kind %s that does not fit is no damage', async (_, make) => {
    const cipher = await cipherOf(await make());
    for (const [, other] of KINDS.slice(0, 3)) {
      const content = await encrypted(await cipherOf(await other()), randomBytes(1000));
      const { details } = await failure('KEY_MISSING', decrypted(cipher, content));
      expect(details.reason).toBe('identity-wrong');
    }
  });

  it('does not open what has a passphrase', async () => {
    const encrypter = new Encrypter();
    encrypter.setPassphrase('correct horse');
    encrypter.setScryptWorkFactor(4);
    const content = await encrypter.encrypt('hello');
    const { details, message } = await failure(
      'KEY_MISSING',
      decrypted(await cipherOf(await ageKeys()), content),
    );
    expect(details.reason).toBe('identity-wrong');
    expect(message).toContain('passphrase');
  });

  it.each([
    ['of no known kind', () => Promise.resolve('hello')],
    ['that is empty', () => Promise.resolve('# nothing\n')],
    ['that is cut off', async () => (await ageKeys()).identity.reveal().slice(0, -9)],
    [
      'of SSH that is cut off',
      async () => (await sshKeys('-t', 'ed25519', '-N', '')).identity.reveal().slice(0, 200),
    ],
    ['of SSH that age has not', async () => (await sshKeys('-t', 'ecdsa', '-N', '')).identity.reveal()],
    [
      'of SSH with a passphrase',
      async () => (await sshKeys('-t', 'ed25519', '-N', 'secret')).identity.reveal(),
    ],
    [
      'of SSH in PEM with a passphrase',
      async () => (await sshKeys('-t', 'rsa', '-N', 'secret', '-m', 'PEM')).identity.reveal(),
    ],
  ])('%s is refused, and not shown', async (_, make) => {
    const text = await make();
    const { message, hint, cause } = await failure(
      'CONFIG_INVALID',
      AgeCipher.create({ recipients: [], identities: new Secret(text), env }),
    );
    const shown = `${message} ${hint} ${String(cause)}`;
    for (const word of text.split(/\s+/).filter((one) => one.length > 10))
      expect(shown).not.toContain(word.slice(0, 30));
  });

  it('is on no command line and in no environment', async () => {
    const keys = await ageKeys();
    const cipher = await cipherOf(keys);
    const content = await encrypted(cipher, randomBytes(10 * CHUNK));
    const [line = ''] = /AGE-SECRET-KEY-.*/.exec(keys.identity.reveal()) ?? [];
    let seen = '';
    for await (const chunk of cipher.decrypt(chunksOf(content))) {
      if (seen === '' && chunk.length > 0)
        seen = await runProgram('sh', ['-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; :']);
    }
    expect(seen).toContain('/dev/fd/5');
    expect(seen).not.toContain(line);
  });
});
