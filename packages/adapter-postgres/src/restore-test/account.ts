import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';

/** An OS account that only runs temporary servers of restore tests. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const NAME = 'geolens-restore-test';

/** Matches account names. Each further account (`geolens-restore-test-2`) allows one more parallel test. */
const NAMES = new RegExp(`^${NAME}(?:-\\d+)?$`);

const COMMAND = `useradd -r -U -M -s /usr/sbin/nologin ${NAME}`;

/** Returns the accounts for restore tests, or why there are none. Excludes accounts with shared numbers. */
export async function findAccounts(
  usersFile = '/etc/passwd',
): Promise<readonly Account[] | { readonly lacking: string }> {
  const all = await readUsers(usersFile);
  const named = all.filter(({ name }) => NAMES.test(name));
  const [first] = named;
  if (first === undefined)
    return {
      lacking: `a restore test that root starts runs as an account of its own, and this machine has no account "${NAME}". Make it: ${COMMAND}`,
    };
  const own = named.filter(
    (one) =>
      one.uid > 0 &&
      one.gid > 0 &&
      all.every((other) => other.name === one.name || (other.uid !== one.uid && other.gid !== one.gid)),
  );
  if (own.length > 0) return own;
  return {
    lacking: `the account "${first.name}" (user ${first.uid}, group ${first.gid}) is root or shares its numbers with another account. Remove it, then make it: ${COMMAND}`,
  };
}

/** Returns the accounts that older versions ran temporary servers as; their remains are removed. */
export async function findFormerAccounts(usersFile = '/etc/passwd'): Promise<readonly Account[]> {
  return (await readUsers(usersFile)).filter(({ name, uid }) => name === 'postgres' && uid > 0);
}

async function readUsers(usersFile: string): Promise<readonly Account[]> {
  const text = await readFile(usersFile, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = ''] = line.split(':');
    return /^\d+$/.test(uid) && /^\d+$/.test(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/**
 * Claims an account for this process, by an abstract Unix socket. It needs no file, and the system removes it
 * when the process ends for any reason.
 * @returns a function that releases the account; `undefined` if another restore test has it
 */
export async function lockAccount({ name, uid }: Account): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((client) => client.destroy());
  server.listen(`\0${name}-${uid}`);
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return async () => {
    server.close();
    await once(server, 'close');
  };
}
