import { BackupError, type ArtifactSource } from '@geolens/backup-core';
import { describeEnd } from '../../../programs/program.ts';
import { programFed, programOutput, wholeOf } from '../../../programs/program-output.ts';
import type { PostgresPrograms } from '../../postgres-programs.ts';
import { unnamedFile } from '../../unnamed-file.ts';
import { streamUnderstoodBy } from '../newer-client.ts';
import type { Server } from '../server.ts';
import { readToc, type Toc, type TocEntry } from './toc.ts';

/** A dump of a database's definitions, in memory: some kilobytes for each table. */
export interface SchemaDump {
  readonly dump: ArtifactSource;
  readonly toc: Toc;
}

export interface DumpTools {
  readonly server: Server;
  readonly programs: PostgresPrograms;
  readonly signal: AbortSignal;
}

/** Dumps the definitions of a database, without owners and grants. */
export async function dumpSchema(database: string, { server, programs, signal }: DumpTools): Promise<SchemaDump> {
  const env = server.env(database);
  const args = ['--format=custom', '--schema-only', '--no-owner', '--no-acl', '--compress=0'];
  const content = await wholeOf(programOutput(programs.pgDump, args, { env, signal }, judge('pg_dump --schema-only')));
  const open = async function* (): AsyncGenerator<Uint8Array> { yield await Promise.resolve(content); };
  const dump = { bytes: content.length, sha256: '', open };
  return { dump, toc: await readToc(dump, { pgRestore: programs.pgRestore, env, signal }) };
}

/** The entries as SQL for the server, in the order of the dump. */
export async function* sqlOf(dump: ArtifactSource, entries: readonly TocEntry[], tools: DumpTools): AsyncGenerator<Uint8Array> {
  if (entries.length > 0) yield* streamUnderstoodBy(tools.server.major, written(dump, entries, tools));
}

async function* written(dump: ArtifactSource, entries: readonly TocEntry[], { server, programs, signal }: DumpTools): AsyncGenerator<Uint8Array> {
  const list = await unnamedFile(entries.map(({ line }) => `${line}\n`).join(''));
  try {
    const options = { env: server.env(server.maintenance), signal, descriptors: [list.fd] };
    const args = ['--use-list=/dev/fd/3', '--no-owner', '--no-acl', '--file=-'];
    if (dump.path !== undefined) yield* programOutput(programs.pgRestore, [...args, dump.path], options, judge('pg_restore'));
    else yield await fed(dump, args, { server, programs, signal }, list.fd);
  } finally {
    await list.close();
  }
}

async function fed(dump: ArtifactSource, args: readonly string[], { server, programs, signal }: DumpTools, fd: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const end = await programFed(programs.pgRestore, args, dump.open(undefined, { lent: true }), { env: server.env(server.maintenance), signal, descriptors: [fd] }, (chunk) => chunks.push(chunk));
  const failure = judge('pg_restore')(end);
  if (failure !== undefined) throw failure;
  return Buffer.concat(chunks);
}

function judge(doing: string): (end: Parameters<typeof describeEnd>[1]) => BackupError | undefined {
  return (end) => (end.code === 0 ? undefined : new BackupError('RESTORE_FAILED', describeEnd(doing, end)));
}
