import { readFile } from 'node:fs/promises';

/** The OS user that a temporary server runs as, where that is not this process’s own. */
export interface ServerUser {
  readonly uid: number;
  /** The group of this process, so that folders of ours can let the server in without being given away. */
  readonly gid: number;
}

const NAME = 'postgres';

const LACKING = {
  lacking: `PostgreSQL does not run as root, and this machine has no user "${NAME}" to run a temporary server as. Install the PostgreSQL server package, or run as another user than root`,
} as const;

/** Root runs a temporary server as `postgres`, everybody else as himself (undefined). */
export async function serverUser(
  usersFile = '/etc/passwd',
): Promise<ServerUser | undefined | { readonly lacking: string }> {
  if (process.geteuid?.() !== 0) return undefined;
  const text = await readFile(usersFile, 'utf8').catch(() => '');
  const fields = text
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === NAME);
  const uid = Number(fields?.[2] ?? '0');
  return Number.isInteger(uid) && uid > 0 ? { uid, gid: process.getegid?.() ?? 0 } : LACKING;
}
