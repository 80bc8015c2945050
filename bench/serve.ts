import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { geolensBackup } from './geolens-backup.ts';
import { peakBytes, pidOf } from './proc-tree.ts';

export interface RunningServe {
  readonly child: ChildProcess;
  /** From its start to what was waited for. */
  readonly seconds: number;
}

/** Starts the scheduled loop, and resolves when it has logged an event of that name. */
export async function startServe(
  env: Readonly<Record<string, string>>,
  event: string,
): Promise<RunningServe> {
  const { file, args, env: environment } = geolensBackup(['serve'], { ...env, LOG_FORMAT: 'json' });
  const began = performance.now();
  const child = spawn(file, args, { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes(`"${event}"`)) resolve();
    });
    child.once('exit', () => {
      reject(new Error(`serve ended before ${event}:\n${log}`));
    });
    child.once('error', reject);
  });
  return { child, seconds: (performance.now() - began) / 1000 };
}

/** Ends it, and gives the most that it has had resident. */
export async function stopServe({ child }: RunningServe): Promise<number> {
  const peak = peakBytes(pidOf(child));
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
  return peak;
}
