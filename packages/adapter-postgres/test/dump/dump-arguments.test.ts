import { describe, expect, it } from 'vitest';
import type { Compression } from '@geolens/backup-core';
import { chooseCompression, compressionArgument } from '../../src/dump/dump-arguments.ts';

describe('the compression of a dump', () => {
  it.each([
    [15, 'gzip:1'],
    [16, 'zstd:1'],
    [17, 'zstd:1'],
  ])('by itself is, with pg_dump %i, %s', (major, chosen) => {
    expect(chooseCompression('auto', major)).toBe(chosen);
  });

  it.each<Compression>(['zstd:3', 'lz4', 'lz4:2'])(
    '%s is refused where pg_dump does not have it, with the hint',
    (asked) => {
      expect(() => chooseCompression(asked, 15)).toThrow(
        expect.objectContaining({
          message: expect.stringMatching(/pg_dump 16 or newer, here it is 15$/) as string,
          details: { reason: 'compression-unsupported' },
          hint: 'Use auto or gzip:1',
        }),
      );
      expect(chooseCompression(asked, 16)).toBe(asked);
    },
  );

  it.each<[Compression, number, string]>([
    ['none', 15, '--compress=0'],
    ['gzip:6', 15, '--compress=6'],
    ['none', 17, '--compress=none'],
    ['gzip:6', 17, '--compress=gzip:6'],
    ['zstd:1', 17, '--compress=zstd:1'],
    ['lz4', 17, '--compress=lz4'],
  ])('%s is told to pg_dump %i as %s', (compression, major, argument) => {
    expect(compressionArgument(compression, major)).toBe(argument);
  });
});
