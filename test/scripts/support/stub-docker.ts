import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { COMPILE_CACHE } from '../../support/cli.ts';
import type { StubSettings } from './docker-program.ts';

const PROGRAM = fileURLToPath(new URL('docker-program.ts', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('../../../scripts/', import.meta.url));

/**
 * The command in the container: logs its call, goes on while `hold` is there, ends as `outcome` says, and on
 * SIGTERM with 143.
 */
const GEOLENS_BACKUP = `#!/bin/sh
kind=restore
for argument; do [ "$argument" != --dry-run ] || kind=dry-run; done
trap 'echo "$kind ended by SIGTERM" >>"$STUB_DOCKER/events"; exit 143' TERM
for argument; do printf '%s\\n' "$argument"; done >"$STUB_DOCKER/$kind.arguments"
echo "$kind began" >>"$STUB_DOCKER/events"
for service in "$STUB_DOCKER"/services/*; do printf '%s=%s\\n' "\${service##*/}" "$(cat "$service")"; done >"$STUB_DOCKER/$kind.services"
[ ! -t 0 ] || echo 'a terminal' >>"$STUB_DOCKER/events"
echo "result of $kind"
while [ -e "$STUB_DOCKER/hold-$kind" ]; do sleep 0.05; done
echo "$kind ended" >>"$STUB_DOCKER/events"
exit "$(cat "$STUB_DOCKER/outcome-$kind" 2>/dev/null || echo 0)"
`;

/** Longer than any script here takes on a machine that is busy, and shorter than a test may take. */
const PATIENCE_MS = 60_000;

type State = 'running' | 'restarting' | 'exited';

export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface ScriptEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the project's folder. */
  readonly folder?: string;
  /** The copy that `install` made instead of the one here. */
  readonly installed?: boolean;
  /** Put before the script, for example `script`, which makes a terminal. */
  readonly wrapper?: (command: string) => readonly [string, ...string[]];
}

/** A script while it runs; it and all that it left behind are killed when the test is finished. */
export class RunningScript {
  readonly child: ChildProcess;
  readonly end: Promise<ScriptEnd>;

  constructor(
    command: readonly [string, ...string[]],
    folder: string,
    env: Readonly<Record<string, string>>,
  ) {
    const [file, ...args] = command;
    this.child = spawn(file, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let [stdout, stderr] = ['', ''];
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    // Not `close` alone: what a killed script leaves running holds its pipes.
    const closed = once(this.child, 'close');
    this.end = once(this.child, 'exit').then(async ([code, signal]) => {
      if (signal === null) await closed;
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
    });
  }

  /** Signals the script alone. */
  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Signals the script's process group, as the terminal does for Ctrl-C. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.child.pid!, signal);
  }
}

/**
 * A host with a Compose project and a `docker` of which nothing is real but the processes; see
 * docker-program.ts.
 */
export class StubDocker {
  readonly folder: string;
  /** The project's folder, with a compose file and an .env that no shell survives. */
  readonly project: string;
  #settings: StubSettings;

  private constructor(folder: string, settings: StubSettings) {
    this.folder = folder;
    this.project = join(folder, 'project');
    this.#settings = settings;
  }

  static async make(
    services: Readonly<Record<string, State>>,
    settings: Partial<StubSettings> = {},
  ): Promise<StubDocker> {
    const folder = await mkdtemp(join(tmpdir(), 'geolens-stub-'));
    const docker = new StubDocker(folder, {
      compose: 2,
      failing: [],
      imageVersion: 'postgres (PostgreSQL) 17.2 (Debian 17.2-1)',
      volumes: {},
      strangers: [],
      mountedAt: '/var/lib/postgresql/data',
      pgdata: '/var/lib/postgresql/data',
      application: undefined,
      ...settings,
    });
    onTestFinished(async () => {
      killAll(folder);
      await rm(folder, { recursive: true, force: true });
    });
    for (const name of ['project', 'services', 'containers', 'bin', 'tmp']) await mkdir(join(folder, name));
    for (const [name, state] of Object.entries(services))
      await writeFile(join(folder, 'services', name), state);
    for (const name of docker.#settings.compose === 1 ? ['docker', 'docker-compose'] : ['docker']) {
      await docker.program(
        name,
        `#!/bin/sh\nNODE_COMPILE_CACHE='${COMPILE_CACHE}' exec '${process.execPath}' --no-warnings '${PROGRAM}' ${name} "$@"\n`,
      );
    }
    await docker.program('geolens-backup', GEOLENS_BACKUP);
    await writeFile(join(docker.project, 'compose.yaml'), 'services: {}\n');
    await writeFile(
      join(docker.project, '.env'),
      'BACKUP_SCHEDULE=0 2 * * *\nPOSTGRES_PASSWORD=$(touch pwned)\n',
    );
    await docker.set({});
    return docker;
  }

  /** Changes how the stub behaves. */
  async set(settings: Partial<StubSettings>): Promise<void> {
    this.#settings = { ...this.#settings, ...settings };
    await writeFile(join(this.folder, 'settings.json'), JSON.stringify(this.#settings));
  }

  /** Puts a program on the path. */
  async program(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, 'bin', name), text);
    await chmod(join(this.folder, 'bin', name), 0o755);
  }

  async outcome(kind: 'dry-run' | 'restore', code: number): Promise<void> {
    await writeFile(join(this.folder, `outcome-${kind}`), String(code));
  }

  /** The command in the container goes on until `release`. */
  async hold(kind: 'dry-run' | 'restore'): Promise<void> {
    await writeFile(join(this.folder, `hold-${kind}`), '');
  }

  async release(kind: 'dry-run' | 'restore'): Promise<void> {
    await rm(join(this.folder, `hold-${kind}`), { force: true });
  }

  start(
    script: 'restore.sh' | 'snapshot.sh',
    args: readonly string[],
    { env = {}, folder = this.project, installed = false, wrapper }: ScriptOptions = {},
  ): RunningScript {
    const path = join(installed ? join(this.project, 'scripts') : SCRIPTS, script);
    const command =
      wrapper?.([path, ...args].map((word) => `'${word}'`).join(' ')) ?? ([path, ...args] as const);
    return new RunningScript(command, folder, {
      PATH: `${join(this.folder, 'bin')}:/usr/bin:/bin`,
      STUB_DOCKER: this.folder,
      ...env,
    });
  }

  /** Copies the scripts into the project. */
  async install(): Promise<void> {
    await cp(SCRIPTS, join(this.project, 'scripts'), { recursive: true });
  }

  run(
    script: 'restore.sh' | 'snapshot.sh',
    args: readonly string[],
    options?: ScriptOptions,
  ): Promise<ScriptEnd> {
    return this.awaited(`the end of ${script} ${args.join(' ')}`, this.start(script, args, options).end);
  }

  calls(): Call[] {
    return this.lines('calls').map((line) => JSON.parse(line) as Call);
  }

  /** Calls of this subcommand of Compose, as one text each. */
  callsOf(command: string): string[] {
    const texts = this.calls().map(({ program, args }) =>
      [...(program === 'docker-compose' ? ['compose'] : []), ...args].join(' '),
    );
    return texts.filter((text) => new RegExp(`^compose (--profile \\S+ )?${command}\\b`).test(text));
  }

  /** What happened in the container, in order. */
  events(): string[] {
    return this.lines('events');
  }

  async happens(event: string): Promise<void> {
    const given = new AbortController();
    const happened = async (): Promise<void> => {
      while (!this.events().includes(event) && !given.signal.aborted) await setTimeout(20);
    };
    await this.awaited(`"${event}"`, happened()).finally(() => {
      given.abort();
    });
  }

  /** Kills the clients that a killed script left, not what they began. */
  killClients(): void {
    killAll(
      this.folder,
      (command) =>
        command.includes('docker-program.ts') ||
        command.includes('restore.sh') ||
        command.includes('snapshot.sh'),
    );
  }

  /** Kills the clients and what they began. */
  killAll(): void {
    killAll(this.folder);
  }

  /** As after a restart of the engine: containers that were to be removed at their end are gone. */
  async forgetContainers(): Promise<void> {
    await rm(join(this.folder, 'containers'), { recursive: true });
    await mkdir(join(this.folder, 'containers'));
  }

  argumentsOf(kind: 'dry-run' | 'restore'): string[] {
    return this.lines(`${kind}.arguments`);
  }

  /** Services that ran while the command in the container did. */
  runningDuring(kind: 'dry-run' | 'restore'): string[] {
    return this.lines(`${kind}.services`)
      .filter((line) => line.endsWith('=running'))
      .map((line) => line.split('=')[0]!);
  }

  running(): string[] {
    return readdirSync(join(this.folder, 'services'))
      .filter((name) => readFileSync(join(this.folder, 'services', name), 'utf8') === 'running')
      .sort();
  }

  /** What the scripts left in the project's folder. */
  orphans(): string[] {
    return readdirSync(this.project).filter((name) => !['compose.yaml', '.env'].includes(name));
  }

  text(name: string): Promise<string> {
    return readFile(join(this.folder, name), 'utf8');
  }

  /** What takes longer than anything here may take ends the test with what goes on instead. */
  private async awaited<T>(what: string, coming: Promise<T>): Promise<T> {
    const given = new AbortController();
    const late = setTimeout(PATIENCE_MS, undefined, { signal: given.signal }).then(() => {
      const last = this.calls()
        .slice(-3)
        .map(({ program, args }) => [program, ...args].join(' '));
      throw new Error(
        [
          `${what} has not come. Events: ${this.events().join(', ')}. Last calls:`,
          ...last,
          'Processes:',
          ...processesOf(this.folder),
        ].join('\n'),
      );
    });
    return Promise.race([coming, late]).finally(() => {
      given.abort();
    });
  }

  private lines(name: string): string[] {
    const file = join(this.folder, name);
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  }
}

/** Kills the processes that were started with this stub, and no others. */
function killAll(folder: string, which: (command: string) => boolean = () => true): void {
  for (const { pid, command } of startedWith(folder)) {
    if (!which(command)) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Processes that were started with this stub, a line for each, with what each waits for. */
function processesOf(folder: string): string[] {
  return startedWith(folder).map(({ pid, command }) => {
    const read = (name: string): string => {
      try {
        return readFileSync(`/proc/${pid}/${name}`, 'utf8');
      } catch {
        return '?';
      }
    };
    const state = read('status')
      .split('\n')
      .filter((line) => /^(State|PPid):/.test(line))
      .join(' ')
      .replaceAll('\t', ' ');
    return `${pid} ${state} ${read('wchan')} ${command.replaceAll('\0', ' ')}`;
  });
}

function startedWith(folder: string): { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`STUB_DOCKER=${folder}`))
          return [];
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }];
      } catch {
        // It has just ended, or is another process's.
        return [];
      }
    });
}
