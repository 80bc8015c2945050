import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tier } from '@geolens/backup-core';
import { bytes, damaged, text } from '../fuzz.ts';
import type { Random } from '../../../support/random.ts';

type Json = Record<string, unknown>;

const WRONG: readonly unknown[] = [
  null,
  true,
  '',
  'x',
  0,
  -1,
  0.5,
  1e308,
  2 ** 53,
  [],
  {},
  [[]],
  [null],
  [{}],
  ['x'],
  { ok: false },
  'not a date',
  '9999-99-99T99:99:99Z',
  '-271821-04-20T00:00:00Z',
  'x'.repeat(100_000),
  '\u0000\u001b[2J',
  '../../etc/passwd',
  '/etc/passwd',
  '../../etc/x_20250101_020000.dump',
  '..%2F..%2Fetc_20250101_020000.dump',
  'staging-20250101_020000.tar.gz',
  '20250101_020000',
  '20250231_020000',
  '0'.repeat(64),
  'gzip:99',
  'daily',
  '__proto__',
  'constructor',
];

/** Puts something else somewhere into a value, or takes it away. */
export function spoilt(random: Random, json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Object.keys(json).length === 0 || random.chance(0.1))
    return random.pick([...WRONG, text(random)]);
  const key = random.pick(Object.keys(json));
  const inner = (json as Json)[key];
  if (Array.isArray(json)) {
    const [list, at] = [json as unknown[], Number(key)];
    return random.pick([
      () => list.with(at, spoilt(random, inner)),
      () => list.toSpliced(at, 1),
      () => [...list, inner],
      () => list.toReversed(),
    ])();
  }
  if (random.chance(0.15)) return Object.fromEntries(Object.entries(json).filter(([name]) => name !== key));
  if (random.chance(0.1))
    return {
      ...json,
      [random.pick(['constructor', 'toString', 'hasOwnProperty', text(random)])]: random.pick(WRONG),
    };
  return { ...json, [key]: spoilt(random, inner) };
}

/** A manifest as nobody writes one. */
export function hostileManifest(random: Random, good: string): Buffer {
  const json = JSON.parse(good) as Json;
  const indented = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
  const twice = (): unknown => spoilt(random, spoilt(random, json));
  const make: (() => string | Buffer)[] = [
    () => indented(spoilt(random, json)),
    () => indented(spoilt(random, json)),
    () => indented(twice()),
    () => JSON.stringify(twice()),
    () => indented({ ...json, artifacts: spoilt(random, json['artifacts']) }),
    () =>
      indented({
        ...json,
        checks: {
          restored: { ok: true, at: random.pick(WRONG) },
          readable: { ok: random.chance(0.5), at: text(random) },
        },
      }),
    () => indented({ ...json, suspicion: { reasons: [text(random, 200)], at: random.pick(WRONG) } }),
    () =>
      good.replace(
        '{',
        () =>
          `{"__proto__": ${random.pick(['{"database": "x"}', 'null', '{"checks": {}, "artifacts": []}', '1'])},`,
      ),
    () =>
      good.replace(
        /"(bytes|rows|tableCount|members|schemaVersion)": \d+/g,
        (_, name: string) =>
          `"${name}": ${random.pick(['1e400', '-0', '99999999999999999999', '1.0', '0e0', '"1"', '01'])}`,
      ),
    () => damaged(random, Buffer.from(good)),
    () => bytes(random, random.whole(0, 600)),
    () => `\ufeff${good}`,
    () => Buffer.from(good, 'utf16le'),
    () => good + good,
    () =>
      random.pick([
        '',
        '\0',
        '{}',
        '[]',
        'null',
        '"x"',
        '1',
        'true',
        '{"schemaVersion": 1}',
        '{"schemaVersion": 2}',
        '['.repeat(100_000),
        `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`,
      ]),
  ];
  return Buffer.from(random.pick(make)());
}

/** The set that a copy with such a manifest is made of, and the moment that the copy pretends to be of. */
export interface Forgery {
  readonly root: string;
  readonly tier: Tier;
  readonly of: string;
  readonly as: string;
}

/** Copies a set to another moment and gives the copy such a manifest. Answers its text. */
export async function forge(random: Random, { root, tier, of, as }: Forgery): Promise<string> {
  let manifest = '';
  for (const name of (await readdir(join(root, tier))).filter(
    (one) => one.includes(of) && !one.startsWith('.'),
  )) {
    const to = join(root, tier, name.replace(of, as));
    const content = readFileSync(join(root, tier, name));
    if (!name.startsWith('manifest-')) writeFileSync(to, content);
    else {
      const hostile = hostileManifest(
        random,
        random.chance(0.9) ? content.toString().replaceAll(of, as) : content.toString(),
      );
      writeFileSync(to, hostile);
      manifest = hostile.toString();
    }
  }
  return manifest;
}

/** Removes what retention has left of it. */
export async function unforge({ root, tier, as }: Forgery): Promise<void> {
  for (const name of (await readdir(join(root, tier))).filter((one) => one.includes(as)))
    await rm(join(root, tier, name));
}
