import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { fingerprintOf, parseRecipients } from '../src/recipients.ts';

const ONE = 'age1e5wca06lf98sv2040fvxyyq5g6647e7w2j09ff6mvg8j8x7qfqkqny24hq';
const TWO = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const SSH = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZLaiUc7Zwmko+M6VJ8A3Pd1VYQVuoUOzGSr8PnZDQm';

describe('the recipients of a text', () => {
  it.each([
    ['', []],
    [ONE, [ONE]],
    [` ${ONE} ,${TWO},\n`, [ONE, TWO]],
    [`# office\r\n${ONE} # safe\r\n\r\n  # home\r\n${TWO}`, [ONE, TWO]],
    [`${SSH} operator@host\n${ONE}`, [SSH, ONE]],
    [`${SSH} one,${ONE}`, [SSH, ONE]],
    [`${SSH} one\n${SSH}  two\n${ONE},${ONE}`, [SSH, ONE]],
    ['what else', ['what else']],
  ])('are separated by commas and lines: %j', (text, recipients) => {
    expect(parseRecipients(text)).toEqual(recipients);
  });

  it.each([
    'AGE-SECRET-KEY-1GRTLFP38S88YDH0DGQ2P3XHZJRPHEUJ83D97XRHKWYRS80Z363MSMHDT86',
    'age-secret-key-pq-1grtlfp38s88ydh0dgq2p3xhzjrpheuj83d97xrhkwyrs80z363msmhdt86',
    'AGE-PLUGIN-YUBIKEY-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CC',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\n-----END OPENSSH PRIVATE KEY-----',
  ])('hold no private key, which no message repeats', (secret) => {
    for (const text of [secret, `${ONE}\n${secret}`, `# ${secret}`]) {
      let error: unknown;
      try {
        parseRecipients(text);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(BackupError);
      const { code, message, hint } = error as BackupError;
      expect(code).toBe('CONFIG_INVALID');
      for (const line of secret.split('\n')) expect(`${message} ${hint}`).not.toContain(line.slice(0, 20));
    }
  });
});

describe('a fingerprint', () => {
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

  it('is of the text of a recipient', () => {
    expect(fingerprintOf(ONE)).toBe(hash(ONE));
    expect(fingerprintOf(ONE)).not.toBe(fingerprintOf(TWO));
  });

  it('of an SSH key leaves the comment out', () => {
    expect(fingerprintOf(`${SSH} operator@host`)).toBe(hash(SSH));
  });
});
