import type { DatabaseStatement } from './globals/globals.ts';
import type { Server } from './server.ts';
import type { Toc } from './toc/toc.ts';

const ABSENT = `
  SELECT name FROM pg_catalog.unnest($1::pg_catalog.text[]) name
   WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace t WHERE t.spcname = name)`;

/** Settings that the server accepts only if the tablespaces exist. */
const SETTINGS = ['default_tablespace', 'temp_tablespaces'];

/** Returns which of the tablespaces the server lacks. */
async function absentOf(server: Server, names: readonly string[]): Promise<readonly string[]> {
  if (names.length === 0) return [];
  return server.values('asking for tablespaces', ABSENT, [[...new Set(names)]]);
}

/** Returns the tablespaces of a dump that the server lacks. */
export function absentTablespaces(server: Server, { entries }: Toc): Promise<readonly string[]> {
  return absentOf(
    server,
    entries.flatMap(({ tablespace }) => tablespace ?? []),
  );
}

/** Returns the arguments for restoring a dump if the server lacks some of its tablespaces. */
export async function tablespaceArguments(
  server: Server,
  toc: Toc,
): Promise<{ readonly args: readonly string[]; readonly notes: readonly string[] }> {
  const absent = await absentTablespaces(server, toc);
  if (absent.length === 0) return { args: [], notes: [] };
  return { args: ['--no-tablespaces'], notes: [withoutTablespaces(absent)] };
}

/** Describes a restore on a server that lacks tablespaces. */
function withoutTablespaces(absent: readonly string[]): string {
  return `restored without tablespaces, because the server does not have ${absent.join(', ')}: all objects are in the default one of the database`;
}

/** Removes settings that name a tablespace missing on the server. */
export async function withoutAbsentTablespaces(
  server: Server,
  statements: readonly DatabaseStatement[],
): Promise<{ readonly fitting: readonly DatabaseStatement[]; readonly notes: readonly string[] }> {
  const absent = await absentOf(server, statements.flatMap(tablespacesIn));
  const lackedBy = (statement: DatabaseStatement): readonly string[] =>
    tablespacesIn(statement).filter((name) => absent.includes(name));
  return {
    fitting: statements.filter((statement) => lackedBy(statement).length === 0),
    notes: statements
      .map((statement) => ({ setting: statement.setting?.name, lacked: lackedBy(statement) }))
      .filter(({ lacked }) => lacked.length > 0)
      .map(
        ({ setting, lacked }) =>
          `the setting ${setting} of the database was left out: the server does not have the tablespace ${lacked.join(', ')}`,
      ),
  };
}

/** Returns the tablespaces in the value of a setting: a name, or a list of quoted and other names. */
function tablespacesIn({ setting }: DatabaseStatement): readonly string[] {
  if (setting === undefined || !SETTINGS.includes(setting.name)) return [];
  if (setting.name === 'default_tablespace') return setting.value === '' ? [] : [setting.value];
  return [...setting.value.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)]
    .map(([text, quoted]) => quoted?.replaceAll('""', '"') ?? text)
    .filter((name) => name !== '');
}
