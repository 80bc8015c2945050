import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asServerUser, type ServerUser } from './server-user.ts';

const READY_WITHIN_MS = 60_000;
const POLL_MS = 15;
const KILL_AFTER_MS = 15_000;
const END_NOW_MS = 2000;

/** A running PostgreSQL server process, child of this one. */
export interface PostgresServer {
  readonly pid: number;
  /**
   * SIGINT ends sessions and shuts down cleanly, SIGQUIT at once. Resolves when the process is gone;
   * idempotent.
   */
  end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  /**
   * The same with SIGQUIT, without a turn of the event loop: for a process that is about to exit. Waits two
   * seconds at most.
   */
  endNow(): void;
}

/**
 * Starts the server of a data folder and resolves when it accepts connections.
 * Rejects with the end of the server's log when it ends before; then no process is left.
 */
export async function startServer(
  binDir: string,
  dataDir: string,
  logFile: string,
  user: ServerUser | undefined,
): Promise<PostgresServer> {
  const [command, args] = asServerUser(user, join(binDir, 'postgres'), ['-D', dataDir]);
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    cwd: '/',
    stdio: ['ignore', log, log],
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  closeSync(log);
  child.unref();
  let failure: Error | undefined;
  child.once('error', (cause) => {
    failure = new Error(`${command} could not be started (package util-linux): ${cause.message}`, { cause });
  });
  const running = (): boolean =>
    failure === undefined && child.exitCode === null && child.signalCode === null;
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (running() && Date.now() < giveUpAt) {
    if (isReady(dataDir, child.pid))
      return {
        pid: Number(child.pid),
        end: (signal) => end(child, signal),
        endNow: () => {
          endNow(child);
        },
      };
    await sleep(POLL_MS);
  }
  if (running()) await end(child, 'SIGQUIT');
  throw (
    failure ??
    new Error(`the PostgreSQL server did not start:\n${readFileSync(logFile, 'utf8').slice(-2000)}`)
  );
}

/** The server writes its pid on the first line of postmaster.pid and its state on the eighth. */
function isReady(dataDir: string, pid: number | undefined): boolean {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready';
}

async function end(child: ChildProcess, signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  child.kill(signal);
  await gone;
  clearTimeout(timer);
}

function endNow(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGQUIT');
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < END_NOW_MS && isAlive(child.pid); waited += POLL_MS)
    Atomics.wait(pause, 0, 0, POLL_MS);
}

/** A child that has ended stays as a zombie until the event loop collects it. */
function isAlive(pid: number | undefined): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !readFileSync(file, 'utf8').includes(') Z ');
}
