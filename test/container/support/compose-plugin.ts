import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../support/run-program.ts';
import { cacheFolder, ensureTrixieFolder } from '../../support/trixie.ts';

/**
 * An environment in which `docker compose` works: the one given, or one with the program from Debian 13's
 * package beside it (Debian 12's is the first Compose, of another language). It is fetched once and kept in
 * the cache folder.
 */
export async function composePlugin(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<NodeJS.ProcessEnv> {
  if (await works(env)) return env;
  const config = join(cacheFolder(), 'docker-config');
  const plugin = join(config, 'cli-plugins', 'docker-compose');
  const ours = { ...env, DOCKER_CONFIG: config };
  if (!existsSync(plugin)) {
    log('fetching Compose 2 from Debian 13');
    await fetchPlugin(await ensureTrixieFolder(log), plugin);
  }
  if (!(await works(ours))) throw new Error(`the Compose of Debian 13 does not run here: ${plugin}`);
  return ours;
}

function works(env: NodeJS.ProcessEnv): Promise<boolean> {
  return runProgram('docker', ['compose', 'version'], { env, timeout: 10_000 }).then(
    () => true,
    () => false,
  );
}

async function fetchPlugin(root: string, plugin: string): Promise<void> {
  const folder = await mkdtemp(join(root, 'tmp', 'compose-'));
  const unpacked = await mkdtemp(join(tmpdir(), 'geolens-compose-'));
  try {
    await chmod(folder, 0o755);
    await runProgram('chroot', [
      root,
      'sh',
      '-c',
      'cd "$1" && apt-get -q download docker-compose',
      'sh',
      folder.slice(root.length),
    ]);
    const [archive] = await readdir(folder);
    await runProgram('dpkg-deb', ['-x', join(folder, archive!), unpacked]);
    const files = await readdir(unpacked, { recursive: true });
    const program = files.find((file) => file.endsWith('cli-plugins/docker-compose'));
    if (program === undefined) throw new Error(`${archive!} holds no cli-plugins/docker-compose`);
    await mkdir(join(plugin, '..'), { recursive: true });
    await copyFile(join(unpacked, program), plugin);
    await chmod(plugin, 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(unpacked, { recursive: true, force: true });
  }
}
