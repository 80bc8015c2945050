import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ground } from './ground.ts';
import { blocksOf, type Page, type Place } from './runbook.ts';
import type { End } from './stack.ts';

type Variables = Readonly<Record<string, string>>;

export interface Following {
  readonly replace?: Variables;
  readonly input?: Variables;
  readonly meanwhile?: Readonly<Record<string, () => Promise<void>>>;
}

/** How GeoLens is installed. */
export type Installation = 'prebuilt 1.14.2' | 'source 1.3.0';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What the image is built from, and the operator types. */
const CLONE = [
  'compose.yaml',
  '.dockerignore',
  'docker',
  'scripts',
  'packages',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'tsconfig.base.json',
  'tsconfig.json',
  'LICENSE',
];
const NOT_CLONED = new Set(['node_modules', 'dist', 'test']);

/**
 * An installation of GeoLens's shape with a clone of this repository beside it, worked on by the commands of
 * the documentation.
 */
export class Project {
  readonly name: string;
  private readonly folder: string;
  private readonly ground: Ground;
  /** Name of GeoLens's Compose file. */
  private readonly composeFile: string;
  /** Values that replace the examples of the documentation, by the `.env` that they are in. */
  private readonly fixed: Readonly<Record<Place, Variables>>;
  private readonly env: Record<Place, Variables> = { geolens: {}, backup: {} };

  private constructor(
    ground: Ground,
    folder: string,
    name: string,
    composeFile: string,
    fixed: Readonly<Record<Place, Variables>>,
  ) {
    this.ground = ground;
    this.folder = folder;
    this.name = name;
    this.composeFile = composeFile;
    this.fixed = fixed;
  }

  /**
   * @param backup lines of the backup's `.env` that the documentation does not have, or has with example
   * values
   * @param geolens the same for GeoLens's `.env`
   */
  static async make(
    ground: Ground,
    name: string,
    installation: Installation,
    backup: Variables,
    geolens: Variables = {},
  ): Promise<Project> {
    const folder = await mkdtemp(join(tmpdir(), 'geolens-project-'));
    const { database, node, backup: image } = ground.images;
    const prebuilt = installation.startsWith('prebuilt');
    const composeFile = prebuilt ? 'docker-compose.prod.yml' : 'docker-compose.yml';
    const project = new Project(ground, folder, name, composeFile, {
      geolens: {
        COMPOSE_PROJECT_NAME: name,
        STAND_IN: database,
        ...(prebuilt && { COMPOSE_FILE: composeFile }),
        ...geolens,
      },
      backup: {
        COMPOSE_PROJECT_NAME: `${name}-backup`,
        GEOLENS_PROJECT: name,
        DB_IMAGE: database,
        NODE_IMAGE: node,
        GEOLENS_BACKUP_IMAGE: image,
        ...backup,
      },
    });
    await mkdir(project.at('geolens'));
    const shape = await shapeFor(ground);
    await writeFile(
      join(project.at('geolens'), composeFile),
      prebuilt ? shape : shape.replace('  backup:\n', '  backup:\n    profiles: [backup]\n'),
    );
    for (const path of CLONE)
      await cp(join(ROOT, path), join(project.at('backup'), path), {
        recursive: true,
        filter: (source) => !NOT_CLONED.has(basename(source)),
      });
    await project.edit(
      'backup',
      'docker/compose.geolens.yaml',
      '    build:\n',
      '    build:\n      network: host\n',
    ); // an engine without a bridge has no other
    await project.dotenv('geolens', { POSTGRES_PASSWORD: 'geolens' });
    await project.dotenv('backup', {});
    return project;
  }

  /** The folder of GeoLens, or the clone. */
  at(place: Place): string {
    return join(this.folder, place === 'geolens' ? 'geolens' : 'geolens-backup');
  }

  /**
   * Follows a section of a page: writes the `.env` files and types the commands, each of which has to
   * succeed.
   * @param replace values in the place of the examples of the page
   * @param input what is typed when a command asks
   * @param meanwhile what is done by hand after a command that contains the text
   * @returns what the commands printed
   */
  async follow(
    page: Page,
    heading: string,
    { replace = {}, input = {}, meanwhile = {} }: Following = {},
  ): Promise<string> {
    let printed = '';
    for (const block of blocksOf(page, heading)) {
      if ('env' in block) await this.dotenv(block.place, block.env);
      else
        for (const { place, text } of block.commands) {
          printed += await this.type(place, text, replace, input);
          for (const [part, work] of Object.entries(meanwhile)) if (text.includes(part)) await work();
        }
    }
    return printed;
  }

  /** Writes what a section of the runbook has for the `.env` files, and types nothing. */
  async takeOver(heading: string): Promise<void> {
    for (const block of blocksOf('runbook.md', heading))
      if ('env' in block) await this.dotenv(block.place, block.env);
  }

  /** `docker compose` in one of the folders, which has to succeed. */
  async composed(place: Place, ...args: readonly string[]): Promise<string> {
    const end = await this.run(place, 'docker', ['compose', ...args]);
    if (end.code !== 0)
      throw new Error(`docker compose ${args.join(' ')} ended with ${end.code}: ${end.stdout}${end.stderr}`);
    return end.stdout;
  }

  async sql(statement: string, database = 'geolens'): Promise<string> {
    return (
      await this.composed(
        'geolens',
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

  /** Adds to an `.env`; what was given to `make` wins. */
  async dotenv(place: Place, more: Variables): Promise<void> {
    this.env[place] = { ...this.env[place], ...more };
    await writeFile(
      join(this.at(place), '.env'),
      Object.entries({ ...this.env[place], ...this.fixed[place] })
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
  }

  /** Replaces a text in GeoLens's Compose file. */
  async editGeolens(from: string, to: string): Promise<void> {
    await this.edit('geolens', this.composeFile, from, to);
  }

  /** As if the machine were gone. */
  async remove(): Promise<void> {
    await this.run('backup', 'docker', [
      'compose',
      '--profile',
      '*',
      'down',
      '-t',
      '1',
      '--remove-orphans',
      '--volumes',
    ]);
    await this.run('geolens', 'docker', [
      'compose',
      '--profile',
      'backup',
      'down',
      '-t',
      '1',
      '--remove-orphans',
      '--volumes',
    ]);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async edit(place: Place, file: string, from: string, to: string): Promise<void> {
    const path = join(this.at(place), file);
    const text = await readFile(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}`);
    await writeFile(path, text.replaceAll(from, to));
  }

  private async type(place: Place, command: string, replace: Variables, input: Variables): Promise<string> {
    const actual = Object.entries(replace)
      .reduce((text, [example, real]) => text.replaceAll(example, real), command)
      .replace(/docker compose (exec|run) /, 'docker compose $1 -T '); // there is no terminal here
    this.ground.log(`${place}$ ${actual}`);
    const typed = Object.entries(input).find(([part]) => command.includes(part))?.[1];
    const end = await this.run(place, 'bash', ['-o', 'pipefail', '-c', actual], typed);
    if (end.code !== 0)
      throw new Error(`a documented command failed with ${end.code}: ${actual}\n${end.stdout}${end.stderr}`);
    return `${end.stdout}${end.stderr}`;
  }

  private run(place: Place, program: string, args: readonly string[], input = ''): Promise<End> {
    const { PATH, HOME, DOCKER_HOST, DOCKER_CONFIG } = this.ground.engine.env;
    const env = {
      PATH,
      HOME,
      ...(DOCKER_HOST !== undefined && { DOCKER_HOST }),
      ...(DOCKER_CONFIG !== undefined && { DOCKER_CONFIG }),
    };
    const child = spawn(program, args, { cwd: this.at(place), env, stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => undefined).end(input);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  }
}

/**
 * The Compose file of GeoLens's shape, without what Compose refuses on the engine: `start_interval` takes an
 * engine of version 25.
 */
async function shapeFor(ground: Ground): Promise<string> {
  const shape = await readFile(join(ROOT, 'test/container/projects/geolens/docker-compose.yml'), 'utf8');
  const [major, minor] = (await ground.engine.docker(['version', '--format', '{{.Server.APIVersion}}']))
    .trim()
    .split('.')
    .map(Number) as [number, number];
  return major > 1 || minor >= 44
    ? shape
    : shape.replaceAll(/^ *start_interval: .*\n/gm, '').replaceAll('interval: 5s', 'interval: 1s');
}
