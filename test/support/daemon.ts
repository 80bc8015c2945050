import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A server process that stays in the foreground, child of this one; it is killed when this one is gone. */
export interface Daemon {
  /** Rejects, with the end of what it wrote, as soon as the process has ended or could not be started. */
  readonly ended: Promise<never>;
  /** Kills it and resolves when it is gone; idempotent. */
  end(): Promise<void>;
  /** The same without a turn of the event loop: for a process that is about to exit. */
  endNow(): void;
}

/** Starts a program that writes to `logFile` and has nothing to lose by SIGKILL. */
export function startDaemon(
  program: string,
  args: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv,
): Daemon {
  const log = openSync(logFile, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
    cwd: '/',
    stdio: ['ignore', log, log],
    env,
  });
  closeSync(log);
  child.unref();
  const gone = once(child, 'exit');
  const ended = gone.then(
    ([code, signal]) => {
      throw new Error(
        `${program} ended with ${signal ?? `exit code ${code}`}:\n${readFileSync(logFile, 'utf8').slice(-5000)}`,
      );
    },
    (cause: unknown) => {
      throw new Error('setpriv could not be started (package util-linux)', { cause });
    },
  );
  ended.catch(() => undefined);
  return {
    ended,
    end: async () => {
      child.ref();
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
    endNow: () => {
      child.kill('SIGKILL');
    },
  };
}
