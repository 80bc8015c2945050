import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { withManifestChecksum } from '../../../../packages/core/src/model/manifest-checksum.ts';
import { tarGz } from '../../../../packages/adapter-local/test/support/tar-writer.ts';
import type { Random } from '../../../support/random.ts';
import { bytes, damaged, letters, text } from '../fuzz.ts';
import { hostileArchive } from '../input/archives.ts';
import { Garbage } from '../input/garbage.ts';
import { hostileManifest, spoilt } from '../input/manifests.ts';
import { lieInAnswers, lieInListings } from './lies.ts';
import { consistent, forgeSet, moment, shelfOf, type Json, type Shelf } from './shelves.ts';
import type { Arena } from './arena.ts';

/** Does harm to what a command will read. Returns what it did, in a few words. */
export type Attack = (arena: Arena, random: Random) => string;

/** What an attacker changes. */
export const ATTACKS = {
  manifests,
  names,
  listings: lieInListings,
  archives,
  notes,
  answers: lieInAnswers,
} as const satisfies Record<string, Attack>;

/** A title for a terminal, a bell, and what ends a line of a log. */
export const ESCAPES = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\n';

const MIB = 1024 * 1024;
const LARGEST_MANIFEST_BYTES = 64 * MIB;
const BOMBS = 16;

/** A JSON text of a length, of which each byte costs ten in memory once it is parsed. */
let bomb: Buffer | undefined;
function manifestBomb(): Buffer {
  bomb ??= Buffer.from(
    `{"schemaVersion":1,"x":[${'[],'.repeat((LARGEST_MANIFEST_BYTES - 100) / 3)}[]]}`.padEnd(
      LARGEST_MANIFEST_BYTES - 10,
    ),
  );
  return bomb;
}

function shelf(arena: Arena, random: Random): Shelf {
  return shelfOf(random.pick(['local', 's3', 's3']), arena);
}

function manifests(arena: Arena, random: Random): string {
  const { database, good, forged, touched } = arena;
  const on = shelf(arena, random);
  const of = random.pick(good);
  const forge = (
    what: string,
    change: Parameters<typeof forgeSet>[3],
    as = on.store === 's3' && random.chance(0.3) ? of : moment(random),
  ): string => {
    forged.add(as);
    forgeSet(on, of, as, change);
    return `${what} in ${on.store} as ${as}`;
  };
  const sealed = (what: string, change: (manifest: Json) => unknown): string =>
    forge(what, (manifest) => withManifestChecksum(change(JSON.parse(manifest) as Json) as Json));
  const many = <T>(count: number, one: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => one(index));
  return random.pick<() => string>([
    () => forge('a garbled manifest', (manifest) => hostileManifest(random, manifest)),
    () =>
      sealed('a spoilt manifest', (json) => {
        const other = spoilt(random, json);
        return typeof other === 'object' && other !== null ? other : { x: other };
      }),
    () =>
      sealed('a manifest with escapes', (json) => ({
        ...json,
        toolVersion: ESCAPES,
        serverVersion: `15${ESCAPES}`,
        clientVersion: ESCAPES,
        startedAt: ESCAPES,
        finishedAt: ESCAPES,
        warnings: [ESCAPES],
        suspicion: { reasons: [ESCAPES], at: ESCAPES },
        checks: { restored: { ok: false, at: ESCAPES, problem: ESCAPES } },
        extensions: [{ name: ESCAPES, version: ESCAPES }],
      })),
    () => {
      const foreign = random.pick([`x${ESCAPES}`, '../../outside/kept', `${database}/../x`, '-Fc', "x'; --"]);
      const named = foreign.replaceAll('/', '%2F');
      return forge('a set of a foreign database', (manifest, artifacts) => {
        for (const [name, content] of [...artifacts]) {
          if (!name.endsWith('.dump') || !artifacts.delete(name)) continue;
          artifacts.set(name.replace(database, named.replaceAll('\0', '')), content);
        }
        const json = JSON.parse(manifest) as Json & { artifacts: { name: string }[] };
        for (const artifact of json.artifacts) artifact.name = artifact.name.replace(database, named);
        return withManifestChecksum({ ...json, database: foreign });
      });
    },
    () =>
      sealed('a manifest that names artifacts elsewhere', (json) => ({
        ...json,
        artifacts: many(random.whole(1, 5), () => ({
          ...(random.pick(json['artifacts'] as Json[]) as object),
          name: random.pick([
            '../../../outside/kept',
            '/etc/passwd',
            `../../outside/${database}_20260101_020000.dump`,
            `..\\staging-20260101_020000.tar.gz`,
            `${ESCAPES}_20260101_020000.dump`,
            `a\0b_20260101_020000.dump`,
            `staging-20260101_020000.tar.gz/../../kept`,
          ]),
        })),
      })),
    () =>
      sealed('a manifest with a huge array', (json) => {
        const rows = many(200_000, (index) => ({ schema: 's', table: `t${index}`, rows: index }));
        return random.pick([
          { ...json, artifacts: (json['artifacts'] as Json[]).map((one) => ({ ...one, rowCounts: rows })) },
          { ...json, artifacts: many(50_000, () => (json['artifacts'] as Json[])[0]) },
          { ...json, warnings: many(300_000, () => 'x') },
          { ...json, extensions: many(200_000, () => ({ name: 'x', version: '1' })) },
        ]);
      }),
    () =>
      forge('a manifest with keys twice', (manifest) =>
        manifest.replace('{', () => `{"database": "x", "artifacts": [], "timestamp": "20200101_000000",`),
      ),
    () =>
      forge('a manifest that is no UTF-8', (manifest) =>
        Buffer.from(manifest.replaceAll(database, `${database}\u00ff`), 'latin1'),
      ),
    () =>
      forge('a manifest that is nested deeply', (manifest) =>
        manifest.replace('{', () => `{"x": ${'['.repeat(2_000_000)}${']'.repeat(2_000_000)},`),
      ),
    () => {
      const count = random.pick([1, 3, BOMBS]);
      for (let day = 1; day <= count; day += 1)
        on.write(`manifest-202601${String(day).padStart(2, '0')}_020000.json`, manifestBomb());
      return `${count} manifests of 64 MiB in ${on.store}`;
    },
    () => {
      const content = random.pick([
        Buffer.from(
          `{"schemaVersion":1,"timestamp":"${of}","checks":{"readable":{"ok":false,"at":"${of}"}}}`,
        ),
        Buffer.from(JSON.stringify(spoilt(random, { schemaVersion: 1, timestamp: of, checks: {} }))),
        bytes(random, 300),
        manifestBomb(),
      ]);
      const oldest = good[0]!;
      forged.add(oldest);
      if (on.store === 'local') touched.add(oldest);
      on.write(`state-${oldest}.json`, content);
      return `a forged state file of ${content.length} bytes in ${on.store}`;
    },
  ])();
}

function names(arena: Arena, random: Random): string {
  const { backups, bucket, staging, marks, database, good } = arena;
  return random.pick<() => string>([
    () => {
      const garbage = new Garbage(random, { root: backups, database, timestamps: good });
      return `files in the tiers: ${garbage.names.join(', ')}`;
    },
    () => {
      const keys = Array.from({ length: random.whole(3, 12) }, () =>
        random.pick([
          () => '../../outside/kept',
          () => '/etc/passwd',
          () => '',
          () => `x${ESCAPES}_20260101_020000.dump`,
          () => `${text(random)}_${random.pick(good)}.dump`,
          () => `..%2F..%2Foutside_${random.pick(good)}.dump`,
          () => `${letters(random, 1000)}_20260101_020000.dump`,
          () => `${database}_${random.pick(['20260231', '20261301', '00000000'])}_020000.dump`,
          () => `${database}_${moment(random)}.dump`,
          () => `a\0b_20260101_020000.dump`,
          () => `manifest-${moment(random)}.json/`,
          () => text(random, 100),
        ])(),
      );
      for (const key of keys)
        bucket.objects.set(`backups/${random.pick(['daily', 'weekly'])}/${key}`, bytes(random, 30));
      return `keys ${JSON.stringify(keys)}`;
    },
    () => {
      const mark = join(marks, 'tar');
      const hostile = [
        `--checkpoint-action=exec=touch ${mark}`.replaceAll('/', '\\057'),
        '--checkpoint=1',
        '--use-compress-program=touch owned',
        '--to-command=touch owned',
        `a${ESCAPES}b`,
        '$(touch owned)',
        '`touch owned`',
        '-',
        '.geolens-backup-restoring-x',
      ].filter(() => random.chance(0.6));
      for (const name of hostile) writeFileSync(join(staging, name), 'x');
      symlinkSync('../../outside', join(staging, `out${ESCAPES}`));
      if (random.chance(0.3)) execFileSync('mkfifo', [join(staging, 'pipe')]);
      if (random.chance(0.3)) execFileSync('mknod', [join(staging, 'null'), 'c', '1', '3']);
      return `staging files ${JSON.stringify(hostile)}`;
    },
    () => {
      const count = random.pick([1000, 5000]);
      for (let number = 0; number < count; number += 1)
        bucket.objects.set(
          `backups/daily/other${number}_202601${String((number % 28) + 1).padStart(2, '0')}_020000.dump`,
          Buffer.from('x'),
        );
      return `${count} keys of other databases`;
    },
  ])();
}

function archives(arena: Arena, random: Random): string {
  const { outside, marks, database, good, forged } = arena;
  const on = shelf(arena, random);
  const [of, as] = [random.pick(good), moment(random)];
  forged.add(as);
  /** A sound archive but for one member. */
  const outsider = (): Buffer => {
    const name = random.pick([join(outside, 'kept'), join(outside, 'new'), '../../../../outside/kept']);
    return tarGz({ name: './', type: '5' }, { name, content: 'owned' });
  };
  const archive = (): Buffer =>
    random.pick<() => Buffer>([
      () => hostileArchive(random, outside).bytes,
      () => hostileArchive(random, outside).bytes,
      () =>
        tarGz(
          { name: './', type: '5' },
          { name: `./a${ESCAPES}`, content: 'x' },
          { name: '../x', content: 'x' },
        ),
      outsider,
      outsider,
      outsider,
      () => tarGz({ name: './kept', type: '1', link: join(outside, 'kept') }),
      () => tarGz({ name: './l', type: '2', link: outside }, { name: './l/kept', content: 'owned' }),
      () => tarGz({ name: './null', type: '3' }, { name: './pipe', type: '6' }),
      () =>
        tarGz(
          ...Array.from({ length: 3000 }, (_, index) => ({ name: `./${'d/'.repeat(index % 40)}${index}` })),
        ),
      () => tarGz({ name: `./--to-command=touch ${marks}x`, content: 'x' }),
      () => gzipSync(Buffer.alloc(200 * MIB), { level: 1 }),
      () => tarGz({ name: './x', content: 'x' }).subarray(0, 60),
      () => gzipSync('not tar'),
      () => bytes(random, 500),
    ])();
  const role = evilRole(database);
  const evil = (attributes: string): string => `CREATE ROLE "${role}";\nALTER ROLE "${role}"${attributes};`;
  const globals = (): string =>
    random.pick([
      `\\! touch ${marks}/psql`,
      `COPY (SELECT 1) TO PROGRAM 'touch ${marks}/copy';`,
      evil(' WITH SUPERUSER LOGIN'),
      evil(' WITH LOGIN SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS'),
      evil(` WITH LOGIN;\nGRANT pg_execute_server_program TO "${role}"`),
      `DO $$ BEGIN EXECUTE 'DROP TABLE data.large'; END $$;`,
      `CREATE ROLE "${ESCAPES.replaceAll('\n', '')}";`,
      `\u0000${text(random, 200)}`,
      `CREATE ROLE ${'x'.repeat(MIB)};`,
    ]);
  const replace = random.pick(['archive', 'archive', 'globals', 'globals', 'dump']);
  const isSealed = random.chance(0.8);
  forgeSet(on, of, as, (manifest, artifacts) => {
    for (const [name, content] of [...artifacts]) {
      if (replace === 'archive' && name.startsWith('staging-')) artifacts.set(name, archive());
      if (replace === 'globals' && name.startsWith('globals-'))
        artifacts.set(name, Buffer.from(`${content.toString()}\n${globals()}\n`));
      if (replace === 'dump' && name.endsWith('.dump')) artifacts.set(name, damaged(random, content));
    }
    arena.roleIsTrusted ||= replace === 'globals' && on.store === 'local';
    return isSealed ? consistent(manifest, artifacts) : manifest;
  });
  return `a hostile ${replace}${isSealed ? ', with its checksum,' : ''} in ${on.store} as ${as}`;
}

/** A role that no set may bring with privileges over the server. */
export function evilRole(database: string): string {
  return `evil_${database}`;
}

/** Some of the software's own files, or what an earlier command may have left, are forged. */
function notes(arena: Arena, random: Random): string {
  return Array.from({ length: random.whole(1, 4) }, () => note(arena, random)).join(' and ');
}

function note(arena: Arena, random: Random): string {
  const { backups, staging, target, outside, database, good } = arena;
  const kept = join(outside, 'kept');
  const id = randomUUID();
  const place = (path: string): string => {
    rmSync(path, { recursive: true, force: true });
    const kind = random.pick([
      'link',
      'link',
      'hard link',
      'folder',
      'pipe',
      'garbage',
      'empty',
      'loop',
      'nested',
    ]);
    if (kind === 'link') symlinkSync(random.pick([kept, outside, join(outside, 'new')]), path);
    else if (kind === 'loop') symlinkSync(path, path);
    else if (kind === 'hard link') linkSync(kept, path);
    else if (kind === 'folder') mkdirSync(join(path, 'x'), { recursive: true });
    else if (kind === 'pipe') execFileSync('mkfifo', [path]);
    else if (kind === 'nested') writeFileSync(path, '['.repeat(100_000));
    else writeFileSync(path, kind === 'empty' ? '' : bytes(random, 500));
    return `${kind} at ${path.slice(arena.root.length)}`;
  };
  const record = (): string => {
    const folder = random.pick([target, staging, outside]);
    const work = join(folder, `.geolens-backup-restoring-${id}`);
    if (folder === target)
      random.pick([
        () => void mkdirSync(join(work, 'new'), { recursive: true }),
        () => {
          symlinkSync(outside, work);
        },
        () => {
          mkdirSync(work);
          for (const name of ['old', 'new']) symlinkSync(outside, join(work, name));
        },
      ])();
    const inode = folder === target ? String(statSync(work, { bigint: true }).ino) : '1';
    const evil = [
      Buffer.from(random.pick(['../../outside', '..', 'a/b', '/', 'old', ''])).toString('base64'),
    ];
    const fields = {
      id,
      folder,
      phase: random.pick(['unpacking', 'out', 'in', 'dropping', 'x']),
      inode: random.pick([inode, inode, '-1', undefined, '99999999999999999999999']),
      lockedOld: random.pick([[], evil]),
      lockedNew: random.pick([[], evil]),
      attributes: random.pick([undefined, { mode: 0o4777, uid: 12, gid: 12, mtime: 1e300 }]),
    };
    writeFileSync(
      join(backups, `.geolens-backup-staging-${id}.json`),
      JSON.stringify(random.chance(0.3) ? spoilt(random, fields) : fields),
    );
    return `a record of a restore of ${folder.slice(arena.root.length)}, ${fields.phase}`;
  };
  const intent = (): string => {
    const all = [
      `../../outside/kept`,
      kept,
      `daily/../../../outside/kept`,
      'daily/',
      '.',
      `daily/x${ESCAPES}`,
    ];
    // The last name decides: a publication whose last file is missing is undone.
    const names = random.chance(0.5)
      ? [random.pick(all.slice(0, 3)), 'daily/manifest-20200101_000000.json']
      : all;
    writeFileSync(
      join(backups, `.geolens-backup-${id}.publishing`),
      random.pick([
        JSON.stringify(names),
        JSON.stringify(names),
        JSON.stringify({ names, keys: names, files: names, artifacts: names }),
        names.join('\n'),
        '['.repeat(100_000),
      ]),
    );
    return 'a note of a publication';
  };
  return random.pick<() => string>([
    () => place(join(backups, '.geolens-backup.lock')),
    () => place(join(backups, `.geolens-backup.${database}.json`)),
    () => place(join(backups, `.geolens-backup.${database}.${random.pick(['run', 'restore'])}.report.txt`)),
    () => place(join(backups, `.geolens-backup-${id}.${random.pick(['partial', 'publishing'])}`)),
    () => place(join(backups, `.geolens-backup-staging-${id}.json`)),
    () =>
      place(
        join(
          random.pick([staging, target]),
          `.geolens-backup-restoring-${id}${random.pick(['', '.in', '.out'])}`,
        ),
      ),
    () => place(join(random.pick([staging, target]), '.geolens-backup-before-20260101_020000')),
    () => {
      const timestamp = good[0]!;
      arena.forged.add(timestamp);
      arena.touched.add(timestamp);
      return place(join(backups, 'daily', `state-${timestamp}.json`));
    },
    record,
    record,
    intent,
    intent,
  ])();
}
