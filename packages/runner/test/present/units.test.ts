import { expect, it } from 'vitest';
import { bytesText, durationText, numberText, rateText, roughDurationText } from '../../src/present/units.ts';

it.each([
  [0, '0 B'],
  [325, '325 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [4123, '4.1 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [1_234_567_890, '1.2 GB'],
  [2e15, '2.0 PB'],
  [5e18, '5000 PB'],
])('%i bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

it.each([
  [0, '0 ms'],
  [40, '40 ms'],
  [999.4, '999 ms'],
  [999.5, '1.0 s'],
  [4200, '4.2 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [200_000, '3 min 20 s'],
  [3_599_600, '1 h 0 min'],
  [7_500_000, '2 h 5 min'],
  [86_399_999, '1 d 0 h'],
  [792_000_000, '9 d 4 h'],
])('%f milliseconds are %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});

it.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_399_999, '23 h'],
  [86_400_000, '1 d'],
  [792_000_000, '9 d'],
])('%i milliseconds are roughly %s', (milliseconds, text) => {
  expect(roughDurationText(milliseconds)).toBe(text);
});

it('a rate is bytes in a second, also of what took no time', () => {
  expect(rateText(5_000_000, 2000)).toBe('2.5 MB/s');
  expect(rateText(10, 0)).toBe('10.0 kB/s');
});

it('numbers have commas', () => {
  expect(numberText(4_200_312)).toBe('4,200,312');
});
