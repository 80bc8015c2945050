import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { newOperator } from '../support/operator.ts';
import { freshBucket } from '../support/buckets.ts';
import { freshDatabase } from '../support/clusters.ts';
import { runProgram } from '../support/run-program.ts';
import { installedPackages } from './support/installed.ts';
import type { PackageName } from './support/packed.ts';
import { readmeExample } from './support/readme-example.ts';

/** What each program is given. */
const CIRCUMSTANCES: Readonly<Record<PackageName, () => Promise<Readonly<Record<string, string>>>>> = {
  core: () => Promise.resolve({}),
  'adapter-age': () => Promise.resolve({}),
  'adapter-local': async () => ({ FOLDER: await freshFolder() }),
  'adapter-postgres': async () => {
    const { host, port, user, database } = await freshDatabase();
    return {
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGDATABASE: database,
      FOLDER: await freshFolder(),
    };
  },
  'adapter-s3': async () => {
    const { endpoint, name, accessKeyId, secretAccessKey } = await freshBucket();
    return {
      S3_ENDPOINT: endpoint,
      S3_BUCKET: name,
      S3_ACCESS_KEY_ID: accessKeyId,
      S3_SECRET_ACCESS_KEY: secretAccessKey,
    };
  },
  runner: async () => (await newOperator()).env,
  system: async () => ({ FOLDER: await freshFolder() }),
};

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-readme-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

it.each(Object.keys(CIRCUMSTANCES) as PackageName[])(
  'the program in the README of %s prints what it says',
  async (name) => {
    if (name === 'adapter-s3' && inject('gateway') === undefined) return;
    const { program, prints } = await readmeExample(name);
    const path = join(await installedPackages(), `readme-${name}.ts`);
    await writeFile(path, program);
    const { PATH, HOME } = process.env;
    expect(prints).not.toBe('');
    expect(
      await runProgram(process.execPath, [path], {
        env: { PATH, HOME, ...(await CIRCUMSTANCES[name]()) },
        timeout: 60_000,
      }),
    ).toBe(prints);
  },
);
