import fc from 'fast-check';
import { expect, it } from 'vitest';
import { median } from '../../src/backup/size-anomalies.ts';
import { holds } from '../support/arbitraries.ts';

it.each([
  [[], undefined],
  [[7], 7],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
  [[10, 9, 100], 10],
])('the median of %j is %s', (numbers, middle) => {
  expect(median(numbers)).toBe(middle);
});

it('a median has as many numbers on its one side as on its other, in whatever order they come', () => {
  holds(fc.array(fc.nat(), { minLength: 1 }), (numbers) => {
    const middle = median(numbers)!;
    const half = numbers.length / 2;
    expect(numbers.filter((number) => number < middle).length).toBeLessThanOrEqual(half);
    expect(numbers.filter((number) => number > middle).length).toBeLessThanOrEqual(half);
    expect(median([...numbers].reverse())).toBe(middle);
  });
});
