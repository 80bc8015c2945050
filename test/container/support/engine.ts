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
export async function startEngine(log: (line: string) => void): Promise<Engine | { readonly unavailable: string }> {
  if (!inPath('docker')) return { unavailable: 'docker is not installed (apt-get install docker.io iptables)' };
  try {
    if (await answers(process.env)) return await withCompose(process.env, 'the engine of this machine', log);
    if (process.getuid?.() !== 0) return { unavailable: 'no Docker engine answers, and only root can start one' };
    if (!inPath('dockerd')) return { unavailable: 'no Docker engine answers, and dockerd is not installed (apt-get install docker.io iptables)' };
    return await startOwn(log);
  } catch (error) {
    return { unavailable: `no Docker engine can be had: ${(error as Error).message}` };
  }
}

async function startOwn(log: (line: string) => void): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-engine-'));
  const logFile = join(folder, 'dockerd.log');
  const output = openSync(logFile, 'a');
  const socket = `unix://${join(folder, 'docker.sock')}`;
  const paths = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')];
  // Without a bridge of its own: Compose makes a network for each project, and removes it.
  const daemon = spawn('setpriv', ['--pdeathsig', 'TERM', '--', 'dockerd', '-H', socket, ...paths, '--bridge', 'none', '--storage-driver', 'overlay2'], {
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const stop = async (): Promise<void> => {
    await end(daemon);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const env = { ...process.env, DOCKER_HOST: socket };
  try {
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    while (!(await answers(env))) {
      if (daemon.exitCode !== null || Date.now() > giveUpAt) throw new Error(`dockerd does not answer: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
      await pause(100);
    }
    return { ...(await withCompose(env, 'an engine of our own', log)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const gone = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  const late = setTimeout(() => daemon.kill('SIGKILL'), ENDS_WITHIN_MS);
  await gone;
  clearTimeout(late);
}

async function withCompose(outer: NodeJS.ProcessEnv, what: string, log: (line: string) => void): Promise<Engine> {
  const env = { ...(await composePlugin(outer, log)), BUILDKIT_PROGRESS: 'plain' };
  const docker: Engine['docker'] = (args, options = {}) => runProgram('docker', args, { ...options, env });
  const version = await docker(['version', '--format', '{{.Server.Version}}']);
  return { env, docker, description: `${what}, ${version.trim()}`, stop: () => Promise.resolve() };
}

function answers(env: NodeJS.ProcessEnv): Promise<boolean> {
  return runProgram('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeout: 10_000 }).then(() => true, () => false);
}

function inPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}
