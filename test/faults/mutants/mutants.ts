/** A deliberate fault: a piece of the source, and what stands there instead. */
export interface Mutant {
  readonly title: string;
  readonly edits: readonly { readonly file: string; readonly text: string; readonly instead: string }[];
  /** Who is to catch it, and how many programs that takes. */
  readonly family: string;
  /** The one kind of its programs, where the others have no chance. */
  readonly kind?: string;
  readonly count: number;
}

const CORE = 'packages/core/src';
const LOCAL = 'packages/adapter-local/src';
const POSTGRES = 'packages/adapter-postgres/src';
const SYSTEM = 'packages/system/src';
const S3 = 'packages/adapter-s3/src';

function edit(file: string, text: string, instead: string): Mutant['edits'][number] {
  return { file, text, instead };
}

/** Each is a way in which backups have been lost. */
export const MUTANTS: readonly Mutant[] = [
  {
    title: 'files are not flushed to the disk',
    edits: [
      edit(
        `${SYSTEM}/files/write-durably.ts`,
        'await handle.sync();\n    await handle.close();',
        'await handle.close();',
      ),
    ],
    family: 'power',
    count: 30,
  },
  {
    title: 'the manifest gets its name first',
    edits: [
      edit(
        `${CORE}/backup/publish.ts`,
        '.commit([...keys, ...(signature === undefined ? [] : [signature]), key])',
        '.commit([key, ...(signature === undefined ? [] : [signature]), ...keys])',
      ),
    ],
    family: 'kill',
    count: 200,
  },
  {
    title: 'the manifest is copied to the bucket first',
    edits: [
      edit(
        `${CORE}/catalog/publication-order.ts`,
        "['globals', 'staging', 'details', 'dump', 'signature', 'manifest']",
        "['manifest', 'globals', 'staging', 'details', 'dump', 'signature']",
      ),
    ],
    family: 's3',
    count: 200,
  },
  {
    title: 'room is made before the new set is there',
    edits: [
      edit(
        `${CORE}/backup/prepare.ts`,
        'const unfinished = unfinishedPromotion',
        "for (const set of sets.filter(({ tier }) => tier === 'daily').slice(2)) for (const { key } of set.artifacts) await primary.remove(key);\n  const unfinished = unfinishedPromotion",
      ),
    ],
    family: 'database',
    count: 30,
  },
  {
    title: 'retention counts files, not sets',
    edits: [
      edit(
        `${CORE}/retention/keep-newest.ts`,
        'filled += 1;\n',
        'filled += Math.min(set.artifacts.length, places - filled);\n',
      ),
    ],
    family: 'kill',
    count: 30,
  },
  {
    title: 'sets that are not whole fill places',
    edits: [
      edit(
        `${CORE}/retention/keep-newest.ts`,
        'if (!isRestorable(set))',
        'if (places < 0 && !isRestorable(set))',
      ),
    ],
    family: 'model',
    count: 200,
  },
  {
    title: 'a pg_dump that fails counts as one that succeeds, and the dump is not read',
    edits: [
      edit(
        `${POSTGRES}/dump/pg-snapshot.ts`,
        'end.code === 0 ? undefined : dumpError',
        'end.stderr !== undefined ? undefined : dumpError',
      ),
      edit(
        `${POSTGRES}/dump/pg-dump-producer.ts`,
        'if (end.code !== 0)\n      throw (\n        endedByOthers',
        'if (end.stderr === undefined)\n      throw (\n        endedByOthers',
      ),
    ],
    family: 'database',
    count: 60,
  },
  {
    title: 'what arrived in the bucket is not compared with what was sent',
    edits: [
      edit(
        `${S3}/upload/check-stored.ts`,
        'const facts = await headObject(bucket, key, signal);\n  const sameLength',
        'if (parts.count > 0) return;\n  const facts = await headObject(bucket, key, signal);\n  const sameLength',
      ),
      edit(
        `${S3}/upload/digests.ts`,
        "forBody: (digest) => ({ ContentMD5: digest.toString('base64') }),",
        'forBody: () => ({}) as never,',
      ),
      // The SDK's own signature of the bytes would see to it.
      edit(`${S3}/client.ts`, "else if (headers['content-md5'] !== undefined) headers[", 'else headers['),
    ],
    family: 's3',
    count: 80,
  },
  {
    title: 'uploads that were cut off stay',
    edits: [
      edit(
        `${S3}/upload/abort-orphaned-uploads.ts`,
        'const cleanedUp: ArtifactKey[] = [];',
        'const cleanedUp: ArtifactKey[] = [];\n  if (TIERS.length > 0) return cleanedUp;',
      ),
    ],
    family: 'kill',
    kind: 'replication',
    count: 60,
  },
  {
    title: 'a clean-up spares whatever upload has the name of one that is open',
    edits: [
      edit(
        `${S3}/upload/abort-orphaned-uploads.ts`,
        'if ((await living.get(objectKey)) === id) continue;',
        'if (living.has(objectKey)) continue;',
      ),
    ],
    family: 'kill',
    kind: 'replication',
    count: 60,
  },
  {
    title: 'the lock locks nothing',
    edits: [edit(`${SYSTEM}/lock/flock-lock.ts`, "'--exclusive',", "'--shared',")],
    family: 'neighbours',
    count: 20,
  },
  {
    title: 'a publication that was cut off stays as it is',
    edits: [
      edit(
        `${LOCAL}/store/local-store.ts`,
        'for (const intent of inRoot.filter(isIntentName))',
        'for (const intent of inRoot.filter(() => false))',
      ),
    ],
    family: 'kill',
    kind: 'run, at a change of the disk',
    count: 100,
  },
  {
    title: 'temporary files of dead processes stay',
    edits: [
      edit(
        `${LOCAL}/store/local-store.ts`,
        'const partials = inRoot.filter(isPartialName);',
        'const partials: string[] = [];\n      if (partials.length === 0) return removed;',
      ),
    ],
    family: 'kill',
    count: 30,
  },
  {
    title: 'the weekly question is asked twice',
    edits: [
      edit(
        `${CORE}/backup/run.ts`,
        "for (const tier of manifest.tiers.filter((one) => one !== 'daily'))",
        "for (const tier of manifest.tiers.length > 0 && parts.clock.now().getUTCDay() === 0 ? (['weekly'] as const) : [])",
      ),
    ],
    family: 'clock',
    count: 60,
  },
  {
    title: 'a run that copied nothing to the bucket is called a success',
    edits: [edit(`${CORE}/backup/run.ts`, 'for (const error of found.errors) context.note(error);', '')],
    family: 's3',
    count: 30,
  },
  {
    title: 'the old database is renamed, and a fifth of a second later the new one',
    edits: [
      edit(
        `${POSTGRES}/restore/swap-databases.ts`,
        "await server.ask(DOING, 'BEGIN');",
        "await server.ask(DOING, 'SELECT 1');",
      ),
      edit(
        `${POSTGRES}/restore/swap-databases.ts`,
        'RENAME TO ${quoteIdentifier(previous)}`,\n      );',
        'RENAME TO ${quoteIdentifier(previous)}`,\n      );\n    await setTimeout(200);',
      ),
    ],
    family: 'kill',
    kind: 'restore',
    count: 100,
  },
  {
    title: 'no record is kept of files that are being swapped',
    edits: [edit(`${LOCAL}/archive/work-folder.ts`, '    await this.records.write(this.current);', '')],
    family: 'kill',
    kind: 'restore, at a change of the disk',
    count: 60,
  },
  {
    title: 'the temporary server of a dead restore test stays',
    edits: [edit('packages/runner/src/container.ts', 'parts.resolve(TOKENS.restoreTest),\n  ]);', ']);')],
    family: 'kill',
    kind: 'verify --restore',
    count: 30,
  },
  {
    title: 'the lock follows links',
    edits: [
      edit(
        `${SYSTEM}/lock/flock-lock.ts`,
        'constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK',
        'constants.O_CREAT',
      ),
    ],
    family: 'hostile',
    kind: 'notes',
    count: 100,
  },
  {
    title: 'links and pipes are taken for files of the software',
    edits: [
      edit(
        `${SYSTEM}/files/read-file.ts`,
        'constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK',
        'constants.O_RDONLY',
      ),
    ],
    family: 'hostile',
    kind: 'notes',
    count: 100,
  },
  {
    title: 'the note of a publication may name any file',
    edits: [
      edit(
        `${LOCAL}/store/publication.ts`,
        "typeof key === 'string' ? parseKey(key) : undefined",
        "typeof key === 'string' ? (key as ArtifactKey) : undefined",
      ),
      edit(
        `${LOCAL}/store/publication.ts`,
        'nameOfKey(parsed) === undefined ||',
        'nameOfKey === undefined ||',
      ),
    ],
    family: 'hostile',
    kind: 'notes',
    count: 150,
  },
  {
    title: 'roles of a set in the bucket come with all their privileges',
    edits: [
      edit(
        `${CORE}/restore/restore.ts`,
        'privilegedRoles: trusted || allowPrivilegedRoles',
        'privilegedRoles: trusted || label.length > 0',
      ),
    ],
    family: 'hostile',
    kind: 'archives',
    count: 150,
  },
  {
    title: 'members of an archive may lie anywhere',
    edits: [
      edit(
        `${LOCAL}/archive/member-check.ts`,
        'else if (path === undefined) this.leaveOut(LEAVES, name);',
        'else if (path === undefined) this.holdsItself = this.members > 0;',
      ),
      edit(
        `${LOCAL}/archive/tar-staging-restorer.ts`,
        "'--extract',",
        "'--extract',\n      '--absolute-names',",
      ),
    ],
    family: 'hostile',
    kind: 'archives',
    count: 100,
  },
  {
    title: 'code of a role runs over a login of a superuser',
    edits: [
      edit(
        `${POSTGRES}/restore/owner-logins.ts`,
        'CREATE ROLE ${name} LOGIN NOINHERIT PASSWORD',
        'CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD',
      ),
    ],
    family: 'hostile',
    kind: 'archives',
    count: 60,
  },
  {
    title: 'control characters reach the terminal',
    edits: [edit('packages/runner/src/present/redact.ts', 'const CONTROLS = /[', 'const CONTROLS = /(?!)[')],
    family: 'hostile',
    kind: 'manifests',
    count: 100,
  },
  {
    title: 'a manifest may be of any size',
    edits: [
      edit(
        `${CORE}/ports/text-source.ts`,
        'LARGEST_MANIFEST_BYTES = 6 * 1024 * 1024',
        'LARGEST_MANIFEST_BYTES = 600 * 1024 * 1024',
      ),
    ],
    family: 'hostile',
    kind: 'manifests',
    count: 100,
  },
  {
    title: 'a listing may go on for ever',
    edits: [edit(`${S3}/objects/list-objects.ts`, 'if (objects > MOST_OBJECTS)', 'if (objects < 0)')],
    family: 'hostile',
    kind: 'listings',
    count: 100,
  },
];
