import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBytes,
  encodeBytes,
  escapeForeignBytes,
  hasForeignBytes,
} from '../../src/connection/byte-text.ts';

describe('texts with bytes that are not UTF-8', () => {
  it('come back byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(encodeBytes(decodeBytes(Buffer.from(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('are as they were if all bytes are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(text.isWellFormed());
        expect(decodeBytes(Buffer.from(text))).toBe(text);
        expect(hasForeignBytes(text)).toBe(false);
        expect(escapeForeignBytes(text)).toBe(text);
      }),
    );
  });

  it('show each other byte escaped', () => {
    const text = decodeBytes(Buffer.from('gr\u00fcn caf\u00e9\u00ff', 'latin1'));
    expect(hasForeignBytes(text)).toBe(true);
    expect(escapeForeignBytes(text)).toBe('gr\\xFCn caf\\xE9\\xFF');
    expect(escapeForeignBytes(text).isWellFormed()).toBe(true);
  });
});
