import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { unknownVariables } from '../../packages/runner/src/config/unknown-variables.ts';
import { composePlugin } from '../container/support/compose-plugin.ts';
import { runProgram } from '../support/run-program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Variables of the operator's shell that are meant for other programs. */
const SHELL = { POSTGRES_PORT: '1', DATABASE_URL: 'postgresql://elsewhere/other' };
const GEOLENS = 'POSTGRES_PASSWORD=a$$b\nPOSTGRES_PORT=5433\nJWT_SECRET_KEY=hush\nS3_BUCKET=bucket\n';
const OWN =
  'DB_IMAGE=x\nBACKUP_SCHEDULE=1 2 * * *\nBACKUP_RETENTION_DAYLY=3\nBACKUP_PAGE_PORT=9999\nAWS_PROFILE=mine\n';

type Variables = Readonly<Record<string, string>>;

let compose: NodeJS.ProcessEnv | undefined;

beforeAll(async () => {
  compose = await composePlugin(process.env, () => undefined).catch(() => undefined);
});

/** Returns the environment of each service, as Compose resolves it in a folder of a clone. */
async function environments(
  folder: '.' | 'docker',
  env: NodeJS.ProcessEnv,
): Promise<Record<string, Variables>> {
  const parent = await mkdtemp(join(tmpdir(), 'geolens-environment-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const clone = join(parent, 'geolens-backup');
  await mkdir(join(parent, 'geolens'));
  await writeFile(join(parent, 'geolens/.env'), GEOLENS);
  for (const name of ['compose.yaml', 'docker'])
    await cp(join(ROOT, name), join(clone, name), { recursive: true });
  await writeFile(join(clone, folder, '.env'), OWN);
  const json = await runProgram(
    'docker',
    ['compose', '-f', join(clone, folder, 'compose.yaml'), '--profile', '*', 'config', '--format', 'json'],
    { env: { ...env, ...SHELL } },
  );
  const { services } = JSON.parse(json) as { services: Record<string, { environment?: Variables }> };
  return Object.fromEntries(Object.entries(services).map(([name, one]) => [name, one.environment ?? {}]));
}

describe.each(['.', 'docker'] as const)('Compose, in the folder %s of a clone', (folder) => {
  it('passes all of .env, with its misspelt name, and nothing that the shell has for other programs', async (context) => {
    if (compose === undefined) return context.skip('Compose 2 is not here and could not be fetched');
    const services = await environments(folder, compose);
    for (const name of ['backup', 'restore']) {
      const environment = services[name]!;
      expect(environment).toMatchObject({ BACKUP_SCHEDULE: '1 2 * * *', AWS_PROFILE: 'mine' });
      expect(unknownVariables(environment)).toEqual([
        'BACKUP_RETENTION_DAYLY is not a variable of geolens-backup and has no effect; did you mean BACKUP_RETENTION_DAILY?',
      ]);
      expect(Object.keys(environment).filter((one) => /^(POSTGRES_PORT|DATABASE_URL|JWT)/.test(one))).toEqual(
        [],
      );
      if (folder === '.')
        expect(environment).toMatchObject({ POSTGRES_PASSWORD: 'a$$b', S3_BUCKET: 'bucket' });
    }
    expect(services['restore-test']).not.toHaveProperty('POSTGRES_PASSWORD');
    expect(services['restore-test']).not.toHaveProperty('AWS_PROFILE');
  });
});
