import { realpathSync } from 'node:fs';
import { copyFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTrixieFolder } from '../../support/trixie.ts';
import { runProgram } from '../../support/run-program.ts';
import type { Engine } from './engine.ts';

const IMAGES = fileURLToPath(new URL('../images', import.meta.url));
const COMPOSE_FILE = fileURLToPath(new URL('../../../docker/compose.yaml', import.meta.url));
const BUILD_TIMEOUT_MS = 15 * 60_000;

/** Names of images, of this process alone: another may build the same on the same engine. */
export interface Images {
  readonly database: string;
  readonly node: string;
  /** What is to be shown: built by docker/Dockerfile. */
  readonly backup: string;
  /** What Compose has to be told to use them. */
  readonly env: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/**
 * Builds the image of the backup as an operator does, with `docker compose build`, on stand-ins for its two
 * bases.
 */
export async function buildImages(engine: Engine, log: (line: string) => void): Promise<Images> {
  const { env } = engine;
  const tag = (name: string): string => `geolens-backup-test/${name}:${process.pid}`;
  const [base, database, node, backup] = [tag('debian'), tag('database'), tag('node'), tag('backup')];
  const variables = { BASE: base, DB_IMAGE: database, NODE_IMAGE: node, GEOLENS_BACKUP_IMAGE: backup };
  const compose = (
    files: readonly string[],
    more: NodeJS.ProcessEnv,
    args: readonly string[],
  ): Promise<string> =>
    runProgram('docker', ['compose', ...files.flatMap((file) => ['-f', file]), ...args], {
      env: { ...env, ...variables, ...more },
      timeout: BUILD_TIMEOUT_MS,
    });
  const nodeContext = await mkdtemp(join(tmpdir(), 'geolens-node-image-'));
  try {
    log('stand-in for the database’s image: Debian 13 with PostgreSQL 17, PostGIS, pgvector');
    await importFolder(env, await ensureTrixieFolder(log), base);
    await copyFile(realpathSync(process.execPath), join(nodeContext, 'node'));
    await cp(await npmFolder(), join(nodeContext, 'npm'), { recursive: true });
    const nodeImage = { NODE_CONTEXT: nodeContext, NODE_DOCKERFILE: join(IMAGES, 'node/Dockerfile') };
    await compose([join(IMAGES, 'compose.yaml')], nodeImage, ['build']);
    log('docker compose build backup, with docker/Dockerfile');
    await compose([COMPOSE_FILE, join(IMAGES, 'host-network.yaml')], {}, [
      '--profile',
      'backup',
      'build',
      'backup',
    ]);
  } finally {
    await rm(nodeContext, { recursive: true, force: true });
  }
  const remove = async (): Promise<void> => {
    await engine.docker(['image', 'rm', '--force', backup, node, database, base]);
  };
  return { database, node, backup, env: variables, remove };
}

async function importFolder(env: NodeJS.ProcessEnv, folder: string, image: string): Promise<void> {
  const others = ['proc', 'sys', 'dev', 'tmp'].map((name) => `--exclude=./${name}/*`);
  await runProgram(
    'bash',
    [
      '-o',
      'pipefail',
      '-c',
      'image=$1; shift; tar "$@" | docker import - "$image"',
      'bash',
      image,
      '-C',
      folder,
      ...others,
      '-c',
      '.',
    ],
    { env },
  );
}

/** Where the npm of this machine is: it is of JavaScript alone. */
async function npmFolder(): Promise<string> {
  const program = await runProgram('sh', ['-c', 'readlink -f "$(command -v npm)"']);
  return dirname(dirname(program.trim()));
}
