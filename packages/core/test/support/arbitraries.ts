import fc from 'fast-check';
import { formatTimestamp, type RunTimestamp } from '../../src/index.ts';

/** Moments within the years that a timestamp can name. */
export const moments = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});

export const timestamps: fc.Arbitrary<RunTimestamp> = moments.map(formatTimestamp);

/** Names that a database may have: anything, and with preference what could be taken for something else. */
export const databases: fc.Arbitrary<string> = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.string({ minLength: 1, unit: fc.constantFrom('%', '2', 'F', '5', '/', 'f', '_') }),
  fc.string({ minLength: 1, unit: fc.constantFrom('"', "'", '\n', '\\', ' ', '.', '-', 'ä', '🗺') }),
  fc.constantFrom(
    'a_20250101_000000',
    'staging-20260101_020000.tar.gz',
    'x.dump',
    '20260101_020000',
    '_',
    '%2F',
    '%25',
    '100%',
    '..',
    '/',
  ),
  timestamps.map((timestamp) => `geolens_${timestamp}.dump`),
);

/** Tries the check with many values. What it returns does not matter, only whether it throws. */
export function holds<T>(
  values: fc.Arbitrary<T>,
  check: (value: T) => unknown,
  options: fc.Parameters<[T]> = {},
): void {
  const property = fc.property(values, (value) => {
    check(value);
  });
  fc.assert(property, options);
}
