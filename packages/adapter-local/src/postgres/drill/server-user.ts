import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { ProgramUser } from '../../programs/program.ts';

/** A PostgreSQL server refuses to run as root: root runs it as the user of this name. */
const SERVER_USER = 'postgres';

/** The group of root, which owns the folder of a drill: so the server can work in there, and nobody has to give files away. */
const ROOT_GROUP = 0;

export interface ServerUser {
  /** For people. */
  readonly name: string;
  /** Undefined where this process is that user already. */
  readonly user: ProgramUser | undefined;
}

/** Whom a scratch server runs as; undefined when there is nobody. */
export async function serverUser(): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return { name: userInfo().username, user: undefined };
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  const uid = lines.find((line) => line.startsWith(`${SERVER_USER}:`))?.split(':')[2];
  return uid === undefined ? undefined : { name: SERVER_USER, user: { uid: Number(uid), gid: ROOT_GROUP } };
}
