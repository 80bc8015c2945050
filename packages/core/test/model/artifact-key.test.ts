import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactKey, parseKey, splitKey } from '../../src/index.ts';
import { nameOfKey } from '../../src/internal.ts';
import { holds } from '../support/arbitraries.ts';

const tiers = fc.constantFrom('daily' as const, 'weekly' as const);
const fileNames = fc
  .string({ minLength: 1 })
  .filter((name) => !name.includes('/') && name !== '.' && name !== '..');

describe('keys', () => {
  it('are made of and split into the same tier and file name', () => {
    holds(fc.tuple(tiers, fileNames), ([tier, fileName]) => {
      const key = artifactKey(tier, fileName);
      expect(splitKey(key)).toEqual({ tier, fileName });
      expect(parseKey(key)).toBe(key);
    });
  });

  it.each([
    '',
    'daily',
    'daily/',
    'daily/.',
    'daily/..',
    '/daily/x',
    'daily//x',
    'daily/a/b',
    'hourly/x',
    'Daily/x',
    'daily/../x',
    '../daily/x',
    'x',
  ])('are not %j', (text) => {
    expect(parseKey(text)).toBeUndefined();
  });

  it('tell what their file is, and that a foreign one is not ours', () => {
    expect(nameOfKey('weekly/staging-20260104_020000.tar.gz')).toEqual({
      kind: 'staging',
      timestamp: '20260104_020000',
    });
    expect(nameOfKey('weekly/notes.txt')).toBeUndefined();
  });
});
