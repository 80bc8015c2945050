import { readFileSync } from 'node:fs';

/** The OS user that a PostgreSQL server runs as. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/**
 * PostgreSQL refuses to run as root: root runs it as `postgres`, or as `nobody` where that user does not
 * exist. Undefined for everybody else, who runs it as himself.
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] =
    users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  if (uid === undefined || gid === undefined)
    throw new Error(
      'PostgreSQL does not run as root and there is no OS user "postgres" to run it as: install the package postgresql',
    );
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * A command line that runs a program as that user and ends it with SIGQUIT (for a PostgreSQL server: an
 * immediate shutdown) when the process that started it is gone, however that ended.
 */
export function asServerUser(
  user: ServerUser | undefined,
  program: string,
  args: readonly string[],
): [string, string[]] {
  const identity = user ? ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'] : [];
  return ['setpriv', [...identity, '--pdeathsig', 'QUIT', '--', program, ...args]];
}
