import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { programBytes, programOutput, type Judge } from '@geolens/backup-system';
import { readingConnectionString } from '../../connection/program-connection.ts';
import { endWithoutValues } from '../../connection/program-messages.ts';
import type { PostgresPrograms } from '../../connection/postgres-programs.ts';
import { quoteLiteral } from '../../connection/identifiers.ts';
import { unlinkedTemporaryFile } from '../../dump/unlinked-temporary-file.ts';
import { streamUnderstoodBy } from '../newer-client.ts';
import type { Server } from '../server.ts';
import { readToc, useList, type Toc, type TocEntry } from './toc.ts';

export interface DumpTools {
  readonly server: Server;
  readonly programs: PostgresPrograms;
  readonly signal: AbortSignal;
  /** Arguments of pg_restore that decide whether statements set owners. By default they do not. */
  readonly ownerArgs?: readonly string[] | undefined;
}

/** Dumps the definitions of a database, without owners and grants. */
export async function dumpSchema(
  database: string,
  { server, programs, signal }: DumpTools,
): Promise<{ readonly dump: ArtifactContent; readonly toc: Toc }> {
  const env = server.env(database);
  const args = [
    '--format=custom',
    '--schema-only',
    '--no-owner',
    '--no-acl',
    '--compress=0',
    `--dbname=${readingConnectionString(database, programs.major)}`,
  ];
  const options = { env, signal };
  const content = await programBytes(
    programs.pgDump,
    args,
    undefined,
    options,
    judge('pg_dump --schema-only'),
  );
  const open = async function* (): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(content);
  };
  const dump = { bytes: content.length, sha256: '', open };
  return { dump, toc: await readToc(dump, { pgRestore: programs.pgRestore, env: server.fileEnv, signal }) };
}

/** Yields the entries as SQL for the server, in the order of the dump. */
export async function* sqlOf(
  dump: ArtifactContent,
  entries: readonly TocEntry[],
  tools: DumpTools,
): AsyncGenerator<Uint8Array> {
  if (entries.length > 0) yield* streamUnderstoodBy(tools.server.major, written(dump, entries, tools));
}

/** psql disables meta-commands between `\restrict` and `\unrestrict`, with a key unknown to the dump. */
const RESTRICTED = /^\\restrict [A-Za-z0-9]+$/m;

/** First statement of pg_restore: objects are named with their schemas. */
export const EMPTY_SEARCH_PATH = `SELECT pg_catalog.set_config('search_path', '', false);`;

/** Number of bytes to search: both are among the first lines. */
const HEAD_BYTES = 2048;

/**
 * Returns the output of pg_restore for psql. A dump may hold psql meta-commands, which could run programs on
 * this machine.
 * @param searchPath replaces the empty search_path
 * @throws BackupError CLIENT_TOO_OLD if this pg_restore does not disable meta-commands (before August 2025:
 * CVE-2025-8714)
 */
export async function* restrictedSql(
  sql: AsyncIterable<Uint8Array>,
  searchPath?: string,
): AsyncGenerator<Uint8Array> {
  let head: Buffer | undefined = Buffer.alloc(0);
  const checked = (text: Buffer): Buffer => {
    const head = text.toString('latin1');
    const path =
      searchPath === undefined
        ? undefined
        : `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(Buffer.from(searchPath).toString('latin1'))}, false);`;
    if (RESTRICTED.test(head))
      return path === undefined
        ? text
        : Buffer.from(
            head.replace(EMPTY_SEARCH_PATH, () => path),
            'latin1',
          );
    throw new BackupError('CLIENT_TOO_OLD', 'pg_restore here does not protect psql from commands in a dump', {
      hint: 'Install the newest minor version of the PostgreSQL client programs: 13.22, 14.19, 15.14, 16.10, 17.6 or newer',
    });
  };
  for await (const chunk of sql) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    yield checked(head);
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield checked(head);
}

async function* written(
  dump: ArtifactContent,
  entries: readonly TocEntry[],
  { server, programs, signal, ownerArgs = ['--no-owner'] }: DumpTools,
): AsyncGenerator<Uint8Array> {
  const list = await unlinkedTemporaryFile(useList(entries));
  try {
    const options = { env: server.fileEnv, signal, descriptors: [list.fd] };
    const args = ['--use-list=/dev/fd/3', '--no-acl', '--verbose', '--file=-', ...ownerArgs];
    if (dump.path !== undefined)
      yield* programOutput(programs.pgRestore, [...args, dump.path], options, judge('pg_restore'));
    else {
      const content = dump.open(undefined, { reuseBuffer: true });
      yield await programBytes(programs.pgRestore, args, content, options, judge('pg_restore'));
    }
  } finally {
    await list.close();
  }
}

function judge(doing: string): Judge {
  return (end) =>
    end.code === 0 ? undefined : new BackupError('RESTORE_FAILED', endWithoutValues(doing, end));
}
