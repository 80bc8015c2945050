import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from './engine.ts';
import type { Images } from './images.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Variables = Readonly<Record<string, string>>;

/**
 * The project of docker/compose.yaml, in a copy of the folders that an operator has, with an .env of its own.
 */
export class Stack {
  readonly folder: string;
  readonly project: string;
  readonly engine: Engine;
  private readonly images: Images;
  /** On top of compose.yaml. */
  private overlays: readonly string[] = [];

  private constructor(engine: Engine, images: Images, folder: string) {
    this.engine = engine;
    this.images = images;
    this.folder = folder;
    this.project = `geolens-backup-test-${process.pid}`;
  }

  static async make(engine: Engine, images: Images): Promise<Stack> {
    const stack = new Stack(engine, images, await mkdtemp(join(tmpdir(), 'geolens-stack-')));
    for (const name of ['docker', 'scripts'])
      await cp(join(ROOT, name), join(stack.folder, name), { recursive: true });
    return stack;
  }

  get dockerFolder(): string {
    return join(this.folder, 'docker');
  }

  /** The whole .env. */
  async dotenv(variables: Variables): Promise<void> {
    const { database, node, backup } = this.images;
    const all = {
      COMPOSE_PROJECT_NAME: this.project,
      DB_IMAGE: database,
      NODE_IMAGE: node,
      GEOLENS_BACKUP_IMAGE: backup,
      ...variables,
    };
    await writeFile(
      join(this.dockerFolder, '.env'),
      Object.entries(all)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  }

  /** Files on top of compose.yaml, by their text; they hold from now on. */
  async overlay(texts: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(texts)) await writeFile(join(this.dockerFolder, name), text);
    this.overlays = Object.keys(texts);
  }

  /** `docker compose` as the operator types it in docker/. */
  compose(...args: readonly string[]): Promise<End> {
    return this.run('docker', ['compose', ...args]);
  }

  /** The same, which has to end well. Answers what it wrote. */
  async composed(...args: readonly string[]): Promise<string> {
    const end = await this.compose(...args);
    if (end.code !== 0)
      throw new Error(`docker compose ${args.join(' ')} ended with ${end.code}: ${end.stdout}${end.stderr}`);
    return end.stdout;
  }

  /** The command in the container that runs. */
  backup(...args: readonly string[]): Promise<End> {
    return this.compose('exec', '-T', 'backup', 'geolens-backup', ...args);
  }

  /** A script of scripts/, from docker/. */
  script(name: string, ...args: readonly string[]): Promise<End> {
    return this.run(`../scripts/${name}`, args);
  }

  /** What one statement answers, asked in the database's container. */
  async sql(statement: string, database = 'geolens'): Promise<string> {
    return (
      await this.composed(
        'exec',
        '-T',
        'db',
        'psql',
        '-XAtq',
        '-v',
        'ON_ERROR_STOP=1',
        '-U',
        'geolens',
        '-d',
        database,
        '-c',
        statement,
      )
    ).trim();
  }

  /** Does it in a session that stays open until it is ended. */
  async openTransaction(sql: string): Promise<{ end(): Promise<void> }> {
    const psql = spawn(
      'docker',
      [
        'compose',
        'exec',
        '-T',
        'db',
        'psql',
        '-XqAt',
        '-v',
        'ON_ERROR_STOP=1',
        '-U',
        'geolens',
        '-d',
        'geolens',
      ],
      { cwd: this.dockerFolder, env: this.env(), stdio: ['pipe', 'pipe', 'inherit'] },
    );
    psql.stdin.on('error', () => undefined); // the server may be stopped meanwhile
    psql.stdin.write(`BEGIN; ${sql}; SELECT 'done';\n`);
    await once(psql.stdout, 'data');
    const gone = once(psql, 'exit');
    return {
      end: async () => {
        psql.stdin.end('ROLLBACK;\n');
        await gone;
      },
    };
  }

  /** Names in a tier of the volume, sorted. */
  async files(tier: 'daily' | 'weekly'): Promise<string[]> {
    return (
      await this.composed('exec', '-T', 'backup', 'sh', '-c', `ls -A /backups/${tier} 2>/dev/null || true`)
    )
      .split('\n')
      .filter(Boolean)
      .sort();
  }

  /** A run that has to be good; one that is due just then goes first. Answers its timestamp. */
  async goodRun(): Promise<string> {
    const end = await until(
      'a run',
      () => this.backup('run', '--json'),
      ({ code }) => code !== 4,
    );
    if (end.code !== 0) throw new Error(`the run ended with ${end.code}: ${end.stderr}`);
    return (JSON.parse(end.stdout) as { timestamp: string }).timestamp;
  }

  /** All files of the volume but the lock and the journal, also while the backup is stopped. */
  async volumeFiles(): Promise<string[]> {
    const find = ['find', '/b', '-type', 'f', '-not', '-name', '.geolens-backup.*', '-printf', '%P\n'];
    const names = await this.engine.docker([
      'run',
      '--rm',
      '-v',
      `${this.project}_backup_data:/b`,
      this.images.backup,
      ...find,
    ]);
    return names.split('\n').filter(Boolean).sort();
  }

  async manifests(): Promise<string[]> {
    return (await this.files('daily')).filter((name) => name.startsWith('manifest-'));
  }

  /** How many sessions of the backup wait for a lock in the database. */
  async waitingSessions(): Promise<number> {
    return Number(
      await this.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'geolens-backup' AND wait_event_type = 'Lock'",
      ),
    );
  }

  /** The log of the backup since a moment, in seconds since 1970, or from the beginning. */
  async log(since?: number): Promise<string> {
    const { stdout, stderr } = await this.compose(
      'logs',
      '--no-log-prefix',
      '--no-color',
      ...(since === undefined ? [] : ['--since', String(since)]),
      'backup',
    );
    return stdout + stderr;
  }

  async inspected<T>(format: string, service = 'backup'): Promise<T> {
    const id = (await this.composed('ps', '-aq', service)).trim();
    return JSON.parse(await this.engine.docker(['inspect', '--format', `{{json ${format}}}`, id])) as T;
  }

  async remove(): Promise<void> {
    await this.compose('--profile', '*', 'down', '--volumes', '--remove-orphans', '-t', '1');
    await rm(this.folder, { recursive: true, force: true });
  }

  async secrets(texts: Variables): Promise<void> {
    const folder = join(this.dockerFolder, 'secrets');
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(texts))
      await writeFile(join(folder, name), `${text}\n`, { mode: 0o600 });
  }

  run(program: string, args: readonly string[]): Promise<End> {
    const child = spawn(program, args, {
      cwd: this.dockerFolder,
      env: this.env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  }

  private env(): NodeJS.ProcessEnv {
    const { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG } = this.engine.env;
    const files =
      this.overlays.length === 0 ? {} : { COMPOSE_FILE: ['compose.yaml', ...this.overlays].join(':') };
    return {
      PATH,
      HOME,
      ...(DOCKER_HOST !== undefined && { DOCKER_HOST }),
      ...(DOCKER_CONFIG !== undefined && { DOCKER_CONFIG }),
      ...files,
    };
  }
}

/** Asks until the answer is the wanted one; then gives it. */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  withinMs = 90_000,
): Promise<T> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > giveUpAt)
      throw new Error(`not within ${withinMs / 1000} s: ${what}; the last answer: ${JSON.stringify(answer)}`);
    await pause(300);
  }
}
