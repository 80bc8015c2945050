import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { runProgram, type RunOptions } from '../../support/run-program.ts';
import { composePlugin } from './compose-plugin.ts';

/** A Docker engine that answers, and Compose for it. */
export interface Engine {
  /** What `docker` needs in its environment to reach it. */
  readonly env: NodeJS.ProcessEnv;
  readonly description: string;
  docker(args: readonly string[], options?: Omit<RunOptions, 'env'>): Promise<string>;
  /** Ends it when it was started here, and removes its folder. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const ENDS_WITHIN_MS = 60_000;

/**
 * The engine that `docker` reaches, or one of our own, with a folder of its own, that ends with this process.
 * When neither can be had, why comes back as `unavailable`.
 */
export async function startEngine(
  log: (line: string) => void,
): Promise<Engine | { readonly unavailable: string }> {
  if (!inPath('docker'))
    return { unavailable: 'docker is not installed (apt-get install docker.io iptables)' };
  try {
    if (await answers(process.env)) return await withCompose(process.env, 'the engine of this machine', log);
    if (process.getuid?.() !== 0)
      return { unavailable: 'no Docker engine answers, and only root can start one' };
    if (!inPath('dockerd'))
      return {
        unavailable:
          'no Docker engine answers, and dockerd is not installed (apt-get install docker.io iptables)',
      };
    return await startOwn(log);
  } catch (error) {
    return { unavailable: `no Docker engine can be had: ${(error as Error).message}` };
  }
}

/**
 * Runs the engine until its own input ends, which it does when we are gone, however; then removes the
 * engine's folder. The engine is asked once: it takes a second signal for impatience, and leaves its
 * containers running. The signal that the system sends at a parent's death comes once for each of its
 * threads.
 */
const KEEPER = `folder=$1; shift; exec 3<&0
dockerd "$@" </dev/null & daemon=$!
{ read -r _ <&3; kill -TERM "$daemon"; } 2>/dev/null &
wait "$daemon"; code=$?
rm -rf -- "$folder"
[ "$code" -ne 0 ] || rm -f -- "$folder.log"
exit "$code"`;

async function startOwn(log: (line: string) => void): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-engine-'));
  const logFile = `${folder}.log`; // beside it: the folder goes with the engine
  const output = openSync(logFile, 'a');
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const paths = [
    '--data-root',
    join(folder, 'data'),
    '--exec-root',
    join(folder, 'exec'),
    '--pidfile',
    join(folder, 'pid'),
  ];
  // Without a bridge of its own: Compose makes a network for each project, and removes it.
  const settings = ['-H', socket, ...paths, '--bridge', 'none', '--storage-driver', 'overlay2'];
  // In a session of its own: Ctrl-C is for us.
  const keeper = spawn('bash', ['-c', KEEPER, 'bash', folder, ...settings], {
    stdio: ['pipe', output, output],
    detached: true,
  });
  closeSync(output);
  const stop = async (): Promise<void> => {
    await end(keeper);
    await rm(logFile, { force: true });
  };
  const env = { ...process.env, DOCKER_HOST: socket };
  try {
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    while (!(await answers(env))) {
      if (keeper.exitCode !== null || Date.now() > giveUpAt)
        throw new Error(`dockerd does not answer: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
      await pause(100);
    }
    return { ...(await withCompose(env, 'an engine of our own', log)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(keeper: ChildProcess): Promise<void> {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  const gone = once(keeper, 'exit');
  keeper.stdin!.end();
  const late = setTimeout(() => process.kill(-keeper.pid!, 'SIGKILL'), ENDS_WITHIN_MS);
  await gone;
  clearTimeout(late);
}

async function withCompose(
  outer: NodeJS.ProcessEnv,
  what: string,
  log: (line: string) => void,
): Promise<Engine> {
  const env = { ...(await composePlugin(outer, log)), BUILDKIT_PROGRESS: 'plain' };
  const docker: Engine['docker'] = (args, options = {}) => runProgram('docker', args, { ...options, env });
  const version = await docker(['version', '--format', '{{.Server.Version}}']);
  return { env, docker, description: `${what}, ${version.trim()}`, stop: () => Promise.resolve() };
}

function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  return runProgram('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

function inPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
