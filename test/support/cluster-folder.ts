import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOwnedFolder } from './owned-folder.ts';
import { runProgram } from './run-program.ts';
import { asServerUser, type ServerUser } from './server-user.ts';

/** The folder of one throw-away cluster; everything the cluster writes is in it. */
export interface ClusterFolder {
  readonly path: string;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly logFile: string;
}

/** Fast at the price of everything that matters only to data that must survive a power cut. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  max_connections: '50',
  autovacuum: 'off',
  jit: 'off',
  listen_addresses: '127.0.0.1',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/**
 * Makes a new folder below the system's one for temporary files, which the server's OS user owns.
 * Removes those whose process was killed before it could do so.
 */
export function makeClusterFolder(user: ServerUser | undefined): ClusterFolder {
  const path = makeOwnedFolder('geolens-cluster-');
  const folder = {
    path,
    dataDir: join(path, 'data'),
    socketDir: join(path, 'socket'),
    logFile: join(path, 'server.log'),
  };
  mkdirSync(folder.socketDir);
  for (const each of [path, folder.socketDir]) {
    chmodSync(each, 0o755);
    if (user) chownSync(each, user.uid, user.gid);
  }
  return folder;
}

/**
 * Makes the cluster's data: encoding UTF8, locale C.UTF-8; with a password, every connection needs it
 * (SCRAM).
 */
export async function initialiseCluster(
  binDir: string,
  folder: ClusterFolder,
  user: ServerUser | undefined,
  superuser: string,
  password: string | undefined,
): Promise<void> {
  const access =
    password === undefined
      ? ['--auth=trust']
      : ['--auth=scram-sha-256', `--pwfile=${writePassword(folder, user, password)}`];
  const options = [
    '--pgdata',
    folder.dataDir,
    '--no-sync',
    '--locale=C.UTF-8',
    '--encoding=UTF8',
    '--username',
    superuser,
    ...access,
  ];
  const [command, args] = asServerUser(user, join(binDir, 'initdb'), options);
  await runProgram(command, args, { env: { PATH: process.env['PATH'], LC_ALL: 'C' } }).finally(() => {
    rmSync(passwordFile(folder), { force: true });
  });
}

/** Adds settings to the cluster's configuration; later ones win. They hold from the next start. */
export async function writeSettings(
  folder: ClusterFolder,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  const lines = Object.entries({ ...SETTINGS, unix_socket_directories: folder.socketDir, ...settings }).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  );
  await appendFile(join(folder.dataDir, 'postgresql.conf'), lines.join(''));
}

function passwordFile(folder: ClusterFolder): string {
  return join(folder.path, 'password');
}

function writePassword(folder: ClusterFolder, user: ServerUser | undefined, password: string): string {
  const file = passwordFile(folder);
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  if (user) chownSync(file, user.uid, user.gid);
  return file;
}
