import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { installedPackages } from './support/installed.ts';

let folder: string;
beforeAll(async () => {
  folder = await installedPackages();
});

/** What a bundler keeps of the package for one import; nothing else is left out but Node itself. */
async function bundled(
  statement: string,
  name: string,
): Promise<{ readonly bytes: number; readonly modules: readonly string[] }> {
  const input = join(folder, `${name}.mjs`);
  await writeFile(input, statement);
  const bundle = await rolldown({ input, cwd: folder, platform: 'node' });
  const { output } = await bundle.generate({ minify: true });
  await bundle.close();
  const modules = output.flatMap((chunk) =>
    chunk.type === 'chunk'
      ? Object.entries(chunk.modules).flatMap(([path, { renderedLength }]) =>
          renderedLength > 0 ? [path] : [],
        )
      : [],
  );
  return {
    bytes: output.reduce(
      (sum, chunk) => sum + (chunk.type === 'chunk' ? Buffer.byteLength(chunk.code) : 0),
      0,
    ),
    modules,
  };
}

describe('a bundler', () => {
  it('keeps of core what an import needs, and no library that it does not', async () => {
    const { bytes, modules } = await bundled(
      "import { keepNewest } from '@geolens/backup-core';\nconsole.log(keepNewest({ daily: 7, weekly: 4 }));",
      'keep-newest',
    );
    expect(modules.filter((path) => /luxon|cron-parser/.test(path))).toEqual([]);
    expect(bytes).toBeLessThan(2_000);
  });

  it.each([
    'backup-core',
    'backup-core/errors',
    'backup-core/testing',
    'backup-adapter-age',
    'backup-adapter-local',
    'backup-adapter-postgres',
    'backup-adapter-s3',
    'backup-runner',
    'backup-system',
  ])('keeps nothing of @geolens/%s when nothing of it is used', async (entry) => {
    const { modules } = await bundled(`import '@geolens/${entry}';`, entry.replace('/', '-'));
    expect(modules.filter((path) => path.includes('@geolens'))).toEqual([]);
  });
});
