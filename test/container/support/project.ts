import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ground } from './ground.ts';
import { runbookBlocks } from './runbook.ts';
import type { End } from './stack.ts';

type Variables = Readonly<Record<string, string>>;

export interface Following {
  readonly replace?: Variables;
  readonly input?: Variables;
  readonly meanwhile?: Readonly<Record<string, () => Promise<void>>>;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** An operator's own project, with this repository beside its Compose file, worked on by the commands of the runbook. */
export class Project {
  readonly folder: string;
  private readonly ground: Ground;
  /** What stands for the examples of the runbook. */
  private readonly fixed: Variables;
  private env: Variables = { POSTGRES_PASSWORD: 'geolens' };

  private constructor(ground: Ground, folder: string, fixed: Variables) {
    this.ground = ground;
    this.folder = folder;
    this.fixed = fixed;
  }

  /** @param env what the runbook's `.env` does not say, and what stands there for what it does say */
  static async make(ground: Ground, name: string, env: Variables): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'geolens-project-'));
    await copyFile(join(ROOT, 'test/container/projects/docker-compose.yml'), join(folder, 'docker-compose.yml'));
    await copyFile(join(ROOT, 'test/container/images/host-network.yaml'), join(folder, 'host-network.yaml'));
    await symlink(ROOT, join(folder, 'geolens-backup'));
    const { database, node, backup } = ground.images;
    const project = new Project(ground, folder, { COMPOSE_PROJECT_NAME: name, DB_IMAGE: database, NODE_IMAGE: node, GEOLENS_BACKUP_IMAGE: backup, ...env });
    await project.dotenv({});
    return project;
  }

  /**
   * Does what stands in a section of the runbook: writes `.env`, types the commands, each of which has to end well. Answers what they printed.
   * @param replace what stands in for the examples of the page
   * @param input what is typed when a command asks
   * @param meanwhile what is done by hand after a command that holds the text
   */
  async follow(heading: string, { replace = {}, input = {}, meanwhile = {} }: Following = {}): Promise<string> {
    let printed = '';
    for (const block of runbookBlocks(heading)) {
      if ('env' in block) await this.dotenv(block.env);
      else for (const command of block.commands) {
        printed += await this.type(command, replace, input);
        for (const [part, work] of Object.entries(meanwhile)) if (command.includes(part)) await work();
      }
    }
    return printed;
  }

  /** Writes what a section has for `.env`, and types nothing. */
  async takeOver(heading: string): Promise<void> {
    for (const block of runbookBlocks(heading)) if ('env' in block) await this.dotenv(block.env);
  }

  /** `docker compose`, which has to end well. */
  async composed(...args: readonly string[]): Promise<string> {
    const end = await this.run('docker', ['compose', ...args]);
    if (end.code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with ${end.code}: ${end.stdout}${end.stderr}`);
    return end.stdout;
  }

  async sql(statement: string, database = 'geolens'): Promise<string> {
    return (await this.composed('exec', '-T', 'db', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-U', 'geolens', '-d', database, '-c', statement)).trim();
  }

  /** Adds to `.env`; what was given to `make` wins. */
  async dotenv(more: Variables): Promise<void> {
    this.env = { ...this.env, ...more };
    const all: Record<string, string> = { ...this.env, ...this.fixed };
    // To be built, if only from what was built before, the image needs the machine's network.
    if (all['COMPOSE_FILE'] !== undefined) all['COMPOSE_FILE'] += ':host-network.yaml';
    await writeFile(join(this.folder, '.env'), Object.entries(all).map(([name, value]) => `${name}=${value}\n`).join(''));
  }

  async edit(from: string, to: string): Promise<void> {
    const path = join(this.folder, 'docker-compose.yml');
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll(from, to));
  }

  /** As if its machine were gone. */
  async remove(): Promise<void> {
    await this.run('docker', ['compose', '--profile', 'backup', '--profile', 'restore', 'down', '-t', '1', '--remove-orphans', '--volumes']);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async type(command: string, replace: Variables, input: Variables): Promise<string> {
    const actual = Object.entries(replace).reduce((text, [example, real]) => text.replaceAll(example, real), command)
      .replace('docker compose exec ', 'docker compose exec -T '); // there is no terminal here
    this.ground.log(`$ ${actual}`);
    const typed = Object.entries(input).find(([part]) => command.includes(part))?.[1];
    const end = await this.run('bash', ['-o', 'pipefail', '-c', actual], typed);
    if (end.code !== 0) throw new Error(`the runbook's command failed with ${end.code}: ${actual}\n${end.stdout}${end.stderr}`);
    return `${end.stdout}${end.stderr}`;
  }

  private run(program: string, args: readonly string[], input = ''): Promise<End> {
    const { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG } = this.ground.engine.env;
    const env = { PATH, HOME, ...(DOCKER_HOST !== undefined && { DOCKER_HOST }), ...(DOCKER_CONFIG !== undefined && { DOCKER_CONFIG }) };
    const child = spawn(program, args, { cwd: this.folder, env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined).end(input);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  }
}
