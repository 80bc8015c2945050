import type { Random } from '../../support/random.ts';

/** Characters that mean something to somebody: shells, JSON, SQL, URLs, paths, terminals. */
const AWKWARD = [
  ...Array.from('"\'\\$`;&|<>(){}[]*?!#~%@:,.=+-_ /'),
  '\n',
  '\r',
  '\t',
  '\u001b',
  '\u007f',
  '\u00a0',
  'ä',
  'é',
  'ß',
  '\u202e',
  '\u200d',
  '\ufeff',
  '漢',
  '🗺',
  '\ud83d\ude00\u200d',
];

export function letters(random: Random, length: number): string {
  return Array.from({ length }, () => random.pick(Array.from('abcxyzABC0189'))).join('');
}

/** Some text without NUL, which neither a file's name nor a variable can hold. */
export function text(random: Random, longest = 20): string {
  return Array.from({ length: random.whole(1, longest) }, () =>
    random.chance(0.5) ? random.pick(AWKWARD) : letters(random, 1),
  ).join('');
}

export function bytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.whole(0, 255)));
}

/** A text in which a few characters are others, gone, or there twice; or the rest is gone. */
export function mutated(random: Random, original: string, changes = random.whole(1, 3)): string {
  let characters = Array.from(original);
  for (let change = 0; change < changes; change += 1) {
    const at = random.whole(0, Math.max(0, characters.length - 1));
    const other = random.chance(0.5) ? random.pick(AWKWARD) : letters(random, 1);
    characters = random.pick(
      [
        () => characters.with(Math.min(at, characters.length - 1), other),
        () => characters.toSpliced(at, 1),
        () => characters.toSpliced(at, 0, other),
        () => characters.toSpliced(at, 0, ...characters.slice(at, at + random.whole(1, 5))),
        () => (random.chance(0.3) ? characters.slice(0, at) : characters.toReversed()),
      ].slice(characters.length === 0 ? 1 : 0),
    )();
  }
  return characters.join('');
}

/** Bytes of which some bits are others, or the rest is gone, or more come. */
export function damaged(random: Random, original: Buffer): Buffer {
  const kind = random.pick(['flip', 'flip', 'cut', 'more', 'zeros'] as const);
  if (kind === 'cut') return original.subarray(0, random.whole(0, original.length - 1));
  if (kind === 'more') return Buffer.concat([original, bytes(random, random.whole(1, 600))]);
  const copy = Buffer.from(original);
  // Heads are where formats are told: half of the damage is there.
  const at = random.whole(0, random.chance(0.5) ? Math.min(1000, copy.length - 1) : copy.length - 1);
  if (kind === 'zeros') copy.fill(0, at, Math.min(copy.length, at + random.whole(1, 2000)));
  else copy[at]! ^= 1 << random.whole(0, 7);
  return copy;
}
