import { isBackupError, type RestoreInput } from '@geolens/backup-core';
import { programText } from '../../programs/program-output.ts';
import type { PostgresPrograms } from '../postgres-programs.ts';
import { unnamedFile } from '../unnamed-file.ts';
import { describeEnd } from '../../programs/program.ts';
import { sectionsOf, type GlobalsSections } from './globals-sections.ts';
import { rolesOfPolicies } from './roles.ts';
import type { Server } from './server.ts';
import { readToc, type Toc } from './toc.ts';

/** What the dump and the globals hold, read once. */
export interface Preparation {
  /** The client programs that can read the dump and fit the server as well as may be. */
  readonly programs: PostgresPrograms;
  readonly toc: Toc;
  readonly sections: GlobalsSections | undefined;
  /** There are globals, but not of our form. */
  readonly strangeGlobals: boolean;
  /** Roles that policies in the dump name. */
  readonly policyRoles: readonly string[];
  /** To be there before the dump, besides what it makes itself. */
  readonly extensions: readonly string[];
  readonly schemas: readonly string[];
  readonly roles: readonly string[];
}

export interface Prerequisites {
  readonly extensions: readonly string[];
  readonly schemas: readonly string[];
  readonly roles: readonly string[];
}

export async function prepare(server: Server, input: RestoreInput, installations: readonly PostgresPrograms[], wanted: Prerequisites, signal: AbortSignal): Promise<Preparation> {
  const { programs, toc } = await readBySomeone(server, input, installations, signal);
  const globals = input.globals && (await textOf(input.globals.open()));
  const sections = globals === undefined ? undefined : sectionsOf(globals);
  return { programs, toc, sections, strangeGlobals: globals !== undefined && sections === undefined, policyRoles: await policyRolesOf(server, input, programs, toc, signal), ...wanted };
}

/** The server's own programs first; where the dump was written by newer ones, those. */
async function readBySomeone(server: Server, { dump }: RestoreInput, installations: readonly PostgresPrograms[], signal: AbortSignal): Promise<{ programs: PostgresPrograms; toc: Toc }> {
  const newer = [...installations].filter(({ major }) => major > server.programs.major).sort((one, other) => one.major - other.major);
  let first: unknown;
  for (const programs of [server.programs, ...newer]) {
    try {
      return { programs, toc: await readToc(dump, { pgRestore: programs.pgRestore, env: server.env(server.maintenance), signal }) };
    } catch (error) {
      if (!isBackupError(error, 'ARTIFACT_UNREADABLE')) throw error;
      first ??= error;
    }
  }
  throw first;
}

async function policyRolesOf(server: Server, { dump }: RestoreInput, { pgRestore }: PostgresPrograms, { entries }: Toc, signal: AbortSignal): Promise<readonly string[]> {
  const policies = entries.filter(({ text }) => text.startsWith('POLICY '));
  if (policies.length === 0 || dump.path === undefined) return [];
  const list = await unnamedFile(policies.map(({ line }) => `${line}\n`).join(''));
  try {
    const options = { env: server.env(server.maintenance), signal, descriptors: [list.fd] };
    const judge = (end: Parameters<typeof describeEnd>[1]): Error | undefined => (end.code === 0 ? undefined : new Error(describeEnd('pg_restore', end)));
    return rolesOfPolicies(await programText(pgRestore, ['--use-list=/dev/fd/3', '--file=-', dump.path], options, judge));
  } finally {
    await list.close();
  }
}

async function textOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
