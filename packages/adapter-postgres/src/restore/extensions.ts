import type { Extension, RestoreInput } from '@geolens/backup-core';
import type { RestoreJob } from './session-parts.ts';
import { quoteIdentifier, quoteLiteral } from '../connection/identifiers.ts';
import { execute } from './execute.ts';
import { restoreEntries } from './run-entries.ts';
import type { Server } from './server.ts';
import { extensionsOf, missingSchemasOf, type TocEntry } from './toc/toc.ts';

/** An extension that a server can create. */
export interface AvailableExtension {
  readonly name: string;
  readonly version: string;
}

/** Returns rows of AvailableExtension. */
export const AVAILABLE_EXTENSIONS =
  'SELECT name, default_version AS version FROM pg_catalog.pg_available_extensions';

/** Compares the extensions that a dump needs with those of a server. */
export function compareExtensions(
  needed: readonly string[],
  dumped: readonly Extension[],
  available: readonly AvailableExtension[],
): {
  readonly lacking: readonly string[];
  readonly older: readonly { readonly name: string; readonly before: string; readonly now: string }[];
} {
  const names = [...new Set(needed)];
  const versions = new Map(available.map(({ name, version }) => [name, version]));
  const before = new Map(dumped.map(({ name, version }) => [name, version]));
  const both = names.flatMap((name) => {
    const [was, now] = [before.get(name), versions.get(name)];
    return was === undefined || now === undefined ? [] : [{ name, before: was, now }];
  });
  return {
    lacking: names.filter((name) => !versions.has(name)),
    older: both.filter((one) => isOlder(one.now, one.before)),
  };
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

/** Extensions that a server accepts in only one of its databases, and the settings that name the database. */
export const ONE_DATABASE: Readonly<Record<string, string>> = { pg_cron: 'cron.database_name' };

/** Matches the schema of an extension, in the statement that pg_dump writes. */
const WITH_SCHEMA = /^CREATE EXTENSION .* WITH SCHEMA (.+);$/m;

/** Stands for bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';

/**
 * Creates the schemas and extensions of a dump that a database lacks, then the other prerequisites. An
 * extension may need a schema of the dump, and its script may create a schema for other entries.
 */
export async function makeExtensions(
  job: RestoreJob,
  {
    target,
    args,
    present,
  }: {
    readonly target: string;
    readonly args: readonly string[];
    readonly present?: ReadonlySet<string> | undefined;
  },
): Promise<{ readonly made: ReadonlySet<TocEntry>; readonly notes: readonly string[] }> {
  const { server } = job;
  const { toc, extensions: required, schemas: requiredSchemas } = job;
  // pg_restore sends any other statement unchanged, and names it if it fails.
  const extensions = toc.entries.filter(
    ({ kind, definition }) =>
      kind === 'EXTENSION' && WITH_SCHEMA.test(definition) && !definition.includes(REPLACEMENT),
  );
  const schemas =
    extensions.length === 0
      ? []
      : toc.entries.filter(({ kind, name }) => kind === 'SCHEMA' && present?.has(`SCHEMA ${name}`) !== true);
  await restoreEntries(job, target, { entries: schemas, args, sessions: 1 });
  const { versions, notes } = await versionsOf(server, extensions, job.input);
  const dumped = extensionsOf(toc);
  const late = [...missingSchemasOf(toc), ...requiredSchemas];
  const statements = [
    ...extensions.map(({ name, definition }) =>
      [
        `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}`,
        ...(WITH_SCHEMA.exec(definition)
          ?.slice(1)
          .map((schema) => `WITH SCHEMA ${schema}`) ?? []),
        ...(versions.get(name)?.map((version) => `VERSION ${quoteLiteral(version)}`) ?? []),
      ].join(' '),
    ),
    ...[...new Set(late)].map((name) => `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(name)}`),
    // The default schema: sessions have no schema to create objects in.
    `SELECT pg_catalog.set_config('search_path', 'public', false)`,
    ...required
      .filter((name) => !dumped.includes(name))
      .map((name) => `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}`),
  ];
  if (statements.length > 1)
    await server.within(target, 'making extensions and schemas', (client) => execute(client, statements));
  return { made: new Set([...schemas, ...extensions]), notes };
}

const AVAILABLE_VERSIONS = `
  SELECT v.name, v.version, e.default_version AS usual
    FROM pg_catalog.pg_available_extension_versions v JOIN pg_catalog.pg_available_extensions e ON e.name = v.name
   WHERE v.name = ANY ($1)`;

/** Returns the versions for new extensions: those of the dump, as far as the server has them. */
async function versionsOf(
  server: Server,
  extensions: readonly TocEntry[],
  { manifest }: RestoreInput,
): Promise<{ readonly versions: ReadonlyMap<string, readonly [string]>; readonly notes: readonly string[] }> {
  const names = extensions.map(({ name }) => name);
  const wanted = manifest?.extensions.filter(({ name }) => names.includes(name)) ?? [];
  if (wanted.length === 0) return { versions: new Map(), notes: [] };
  const available = await server.ask<{ name: string; version: string; usual: string }>(
    'asking for extensions',
    AVAILABLE_VERSIONS,
    [names],
  );
  const isThere = ({ name, version }: { name: string; version: string }): boolean =>
    available.some((one) => one.name === name && one.version === version);
  const notes = wanted
    .filter((one) => !isThere(one))
    .flatMap(({ name, version }) => {
      const usual = available.find((one) => one.name === name)?.usual;
      return usual === undefined || isOlder(usual, version) // the inspection warns of it
        ? []
        : [`extension ${name} is made with version ${usual}: the server does not have ${version} any more`];
    });
  return { versions: new Map(wanted.filter(isThere).map(({ name, version }) => [name, [version]])), notes };
}
