import { describe, expect, it } from 'vitest';
import { Secret } from '@geolens/backup-core';
import { redactor } from '../../src/present/redact.ts';

describe('redacting', () => {
  it('takes a secret out wherever it stands, as it is, percent-encoded, and as in JSON', () => {
    const password = 'p@ss:w/rd "1"\\';
    const redact = redactor([new Secret(password)]);
    const text = `${password} and ${password}, ${encodeURIComponent(password)}, ${JSON.stringify({ password })}`;
    expect(redact(text)).toBe('[redacted] and [redacted], [redacted], {"password":"[redacted]"}');
  });

  it('takes the longer of two secrets first, so that nothing is left of it', () => {
    expect(redactor([new Secret('hush'), new Secret('hush-hush')])('it is hush-hush')).toBe(
      'it is [redacted]',
    );
  });

  it.each([
    ['an identity of age', `AGE-SECRET-KEY-1${'QPZRY9X8'.repeat(7)}`],
    ['one in lower case', `age-secret-key-1${'qpzry9x8'.repeat(7)}`],
    ['one of a plugin', `AGE-PLUGIN-YUBIKEY-1${'QPZRY9X8'.repeat(3)}`],
    ['an SSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==\n-----END OPENSSH PRIVATE KEY-----'],
    ['an SSH key that is cut off', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg=='],
  ])('takes out %s that is in no setting', (_, key) => {
    expect(redactor([])(`a ${key}`)).toBe('a [redacted]');
  });

  it('takes what looks like a pattern as plain text', () => {
    expect(redactor([new Secret('.*$&')])('a.*$&b and axb')).toBe('a[redacted]b and axb');
  });

  it('leaves text alone where there is no secret, or one too short to be one', () => {
    expect(redactor([])('a b c')).toBe('a b c');
    expect(redactor([new Secret(''), new Secret('a')])('a b c')).toBe('a b c');
  });

  it('leaves a password readable that is part of a name which is printed anyway: blotting it out would tell it', () => {
    expect(redactor([new Secret('geolens')], ['db', 'geolens'])('database geolens')).toBe('database geolens');
  });

  it('makes control characters visible, in a form that is valid in JSON, and keeps lines and all letters', () => {
    const text = 'a\tb\nc\r\u001b[31m\u0007\u009b\u202e Größe 🗺';
    expect(redactor([])(text)).toBe(
      String.raw`a	b
c\u000d\u001b[31m\u0007\u009b\u202e Größe 🗺`,
    );
    expect(JSON.parse(redactor([])(JSON.stringify(text)))).toBe(text);
  });
});
