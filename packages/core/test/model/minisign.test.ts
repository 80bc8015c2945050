import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatSigningKey,
  generateSigningKey,
  parsePublicKeys,
  parseSigningKey,
  signText,
  verifySignature,
} from '../../src/model/minisign.ts';
import { manifestSigner, trustKeys } from '../../src/model/trust.ts';
import { parseTimestamp } from '../../src/model/timestamp.ts';

/** Made by minisign 0.11 with `-G -W` and `-S`, of the content "hello\n". */
const OF_MINISIGN = {
  publicKey: 'RWQnN+qNfEIXch7e/DYe/3JYo70vOySlxvtrFjk9sONx6NIDzXyzg5xr',
  secretKey:
    'untrusted comment: minisign encrypted secret key\nRWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJzfqjXxCF3KmDZjSvm+mJXxWM6DgUZvNQfXg9wDT+ROeNwfDIhTNTR7e/DYe/3JYo70vOySlxvtrFjk9sONx6NIDzXyzg5xrAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n',
  signature:
    'untrusted comment: signature from minisign secret key\nRUQnN+qNfEIXcoDEnadTya8blz9Cvmnb5N6LC2zKFkUkyyOQLNd3eG/bHwXk1Pxur5PEhcvWJ2zO5KNclNsnzk0FzGKFf0h5egM=\ntrusted comment: trusted text\nAjPcs+hAO8+BL05XQBE9Yc/IrLsMn3dDsGk1IBo3MZXMHcekAwJpj1jHiBCOGkujkTRysVW9YlctHa5+BpCtDw==\n',
};
const KEYS = parsePublicKeys(OF_MINISIGN.publicKey);
const key = generateSigningKey();
const timestamp = parseTimestamp('20261129_020000')!;

describe('a signature', () => {
  it('of minisign is accepted, with its trusted comment', () => {
    expect(verifySignature('hello\n', OF_MINISIGN.signature, KEYS)).toEqual({
      trustedComment: 'trusted text',
    });
    expect(KEYS.map(({ id }) => id)).toEqual(['7217427C8DEA3727']);
  });

  it('is the one that minisign makes with the same key', () => {
    const ours = signText('hello\n', 'trusted text', parseSigningKey(OF_MINISIGN.secretKey));
    expect(ours.split('\n').slice(1)).toEqual(OF_MINISIGN.signature.split('\n').slice(1));
  });

  it('fits its content, comment and key alone, in every bit', () => {
    const signature = signText('content', 'comment', key);
    const check = (content: string, text: string, keys: typeof KEYS = [key.publicKey]): boolean =>
      'trustedComment' in verifySignature(content, text, keys);
    expect(check('content', signature)).toBe(true);
    expect(check('other content', signature)).toBe(false);
    expect(check('content', signature, KEYS)).toBe(false);
    expect(check('content', signature, [])).toBe(false);
    const lines = signature.split('\n');
    fc.assert(
      fc.property(fc.constantFrom(1, 3), fc.nat(), fc.integer({ min: 0, max: 7 }), (line, at, bit) => {
        const bytes = Buffer.from(lines[line]!, 'base64');
        bytes[at % bytes.length]! ^= 1 << bit;
        const changed = lines.map((text, index) => (index === line ? bytes.toString('base64') : text));
        expect(check('content', changed.join('\n'))).toBe(false);
      }),
    );
    expect(check('content', signature.replace('trusted comment: comment', 'trusted comment: commend'))).toBe(
      false,
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(check('content', text)).toBe(false);
      }),
    );
  });
});

describe('a signing key', () => {
  it('is read back as it was written', () => {
    expect(formatSigningKey(parseSigningKey(formatSigningKey(key)))).toBe(formatSigningKey(key));
    expect(parseSigningKey(formatSigningKey(key)).publicKey).toEqual(key.publicKey);
  });

  it('that is none, is damaged, or has a password is refused, and not repeated', () => {
    const damaged = Buffer.from(OF_MINISIGN.secretKey.split('\n')[1]!, 'base64');
    damaged[70]! ^= 1;
    const locked = Buffer.from(OF_MINISIGN.secretKey.split('\n')[1]!, 'base64');
    locked.write('Sc', 2);
    for (const text of ['', 'x', damaged.toString('base64'), locked.toString('base64')])
      expect(() => parseSigningKey(text)).toThrow(/^the signing key (?:is no|is damaged|has a password)/);
    expect(() => parsePublicKeys('RWQx')).toThrow('a trusted key is no public key of minisign');
  });

  it('is trusted among several, as words or as key files', () => {
    const other = generateSigningKey().publicKey.text;
    const text = `untrusted comment: minisign public key\n${OF_MINISIGN.publicKey}\n${other}, ${key.publicKey.text}`;
    expect(parsePublicKeys(text)).toHaveLength(3);
  });
});

describe('trust', () => {
  const set = { timestamp, database: 'geo"lens ä\n' };
  const signature = manifestSigner(key, 'here').sign('{}', set);
  const policy = trustKeys([key.publicKey], 'here');

  it('is given to what the installation signed, and to nothing else', () => {
    expect(policy.whyUntrusted('{}', signature, set)).toBeUndefined();
    expect(policy.whyUntrusted('{}', undefined, set)).toBe('it is not signed');
    expect(policy.whyUntrusted('{ }', signature, set)).toBe('its signature is not of this content');
    for (const other of [
      { ...set, database: 'other' },
      { ...set, timestamp: parseTimestamp('20261130_020000')! },
    ])
      expect(policy.whyUntrusted('{}', signature, other)).toContain('another set or installation');
    expect(trustKeys([key.publicKey], 'there').whyUntrusted('{}', signature, set)).toContain('another set');
    expect(trustKeys(KEYS, 'here').whyUntrusted('{}', signature, set)).toMatch(
      /by the key [0-9A-F]{16}, which/,
    );
  });
});
