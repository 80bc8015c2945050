import { tarGz, type TarMember } from '../../../../packages/adapter-local/test/support/tar-writer.ts';
import { damaged, text } from '../fuzz.ts';
import type { Random } from '../../../support/random.ts';

/** A file, a folder, links, devices, a pipe, headers of extensions, what nobody knows. */
const TYPES = [
  '0',
  '0',
  '0',
  '0',
  '5',
  '5',
  '1',
  '2',
  '2',
  '3',
  '4',
  '6',
  '7',
  'x',
  'g',
  'L',
  'K',
  'S',
  'M',
  'V',
  'Z',
];

/** @param outside a folder that nothing may be written to, beside the one that is restored */
function memberOf(random: Random, outside: string): TarMember {
  const name = (): string => {
    const climbs = `${'../'.repeat(random.whole(1, 8))}${random.pick(['outside', 'outside/x', 'x', outside.slice(1)])}`;
    return random.pick([
      'a',
      './a',
      'a/b',
      './a/b/c',
      'l',
      './l',
      'l/x',
      './l/x',
      'l//x',
      'h',
      'h/x',
      '.',
      './',
      '..',
      './..',
      '/',
      outside,
      `${outside}/x`,
      `/${outside}/x`,
      climbs,
      `a/${climbs}`,
      `l/${climbs}`,
      `a\n/${climbs}`,
      text(random).replaceAll('\0', ''),
    ]);
  };
  const type = random.pick(TYPES);
  return {
    name: name(),
    type,
    content: ['1', '2', '5'].includes(type)
      ? ''
      : random.pick(['', 'x', 'hostile', `${outside}/x\0`, '30 path=../outside/x\n']),
    mode: random.pick([0o644, 0o755, 0o000, 0o6777, 0o1777]),
    ...(['1', '2'].includes(type) && {
      link: random.pick([
        outside,
        `${outside}/kept`,
        '../outside',
        '../outside/kept',
        '..',
        '.',
        'a',
        'l',
        './l/x',
        '/etc/passwd',
        '/',
        'nowhere',
        name(),
      ]),
    }),
    ...(random.chance(0.1) && { pax: { path: name() } }),
    ...(random.chance(0.05) && { pax: { linkpath: name() } }),
    ...(random.chance(0.05) && {
      pax: {
        'SCHILY.xattr.security.capability': 'x',
        'GNU.sparse.name': name(),
        size: random.pick(['0', '-1', '99999999999']),
      },
    }),
    ...(random.chance(0.1) && { gnuLongName: name() }),
  };
}

/** One that does no harm, by itself. */
function harmless(random: Random, outside: string): TarMember {
  return random.pick([
    { name: './a/', type: '5', mode: 0o755 },
    { name: `./a/${text(random).replaceAll(/[/\0]/g, '_')}`, content: 'x' },
    { name: './away', type: '2', link: random.pick([outside, '..', 'nowhere']) },
    { name: './pipe', type: '6' },
    { name: './b', content: 'x', mode: 0o4755 },
  ]);
}

/** An archive that nobody should make: and sometimes one that is harmless. */
export function hostileArchive(
  random: Random,
  outside: string,
): { readonly bytes: Buffer; readonly members: readonly TarMember[] } {
  const mild = random.chance(0.3);
  const first: TarMember[] =
    mild || random.chance(0.5)
      ? [
          { name: './', type: '5', mode: 0o755 },
          { name: './first', content: 'x' },
        ]
      : [];
  // The two that go together: a link out, and something through it.
  const link = random.pick(['l', './l', 'l/']);
  const through: TarMember[] =
    !mild && random.chance(0.3)
      ? [
          { name: link, type: '2', link: random.pick([outside, '../outside', '..']) },
          { name: `${random.pick(['l', './l'])}/x`, content: 'hostile' },
        ]
      : [];
  const others = Array.from({ length: random.whole(0, 4) }, () =>
    mild || random.chance(0.3) ? harmless(random, outside) : memberOf(random, outside),
  );
  const members = [...first, ...(random.chance(0.5) ? [...through, ...others] : [...others, ...through])];
  const whole = tarGz(...members);
  return { bytes: random.chance(0.1) ? damaged(random, whole) : whole, members };
}
