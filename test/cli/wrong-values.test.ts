import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newOperator } from '../support/operator.ts';

const S3 = {
  BACKUP_S3_ENABLED: 'true',
  S3_BUCKET: 'sets',
  S3_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  S3_SECRET_ACCESS_KEY: 'hush-hush',
};

/** A service that gives the same answer to every request. */
async function service(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () =>
      response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('an endpoint that is not an S3 store', () => {
  it.each([
    [
      'a web console',
      200,
      '<!doctype html><html><body>console</body></html>',
      {},
      'another service answers there',
    ],
    ['a page that is no XML', 200, '<html><br>console</html>', {}, 'another service answers there'],
    ['an empty page', 200, '', {}, 'another service answers there'],
    ['a page that is missing', 404, 'Not Found', {}, 'another service answers there'],
    [
      'a plain request to a port for TLS',
      400,
      '<html><body>400</body></html>',
      {},
      'another service answers there',
    ],
    [
      'a redirect',
      301,
      'moved',
      { location: 'https://store.invalid/x' },
      'it redirects to https://store.invalid',
    ],
    [
      'a redirect that keeps the method',
      308,
      '',
      { location: 'https://store.invalid/' },
      'redirects to https://store',
    ],
  ])('is named by run and doctor: %s', async (_, status, body, headers, hint) => {
    const operator = await newOperator();
    const env = { ...S3, S3_ENDPOINT: await service(status, body, headers) };
    const run = await operator.backup(['run'], { env });
    expect(run.code).toBe(3);
    expect(run.stderr).toContain('S3_ENDPOINT');
    expect(run.stderr).toContain(hint);
    const doctor = await operator.backup(['doctor'], { env });
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/^FAIL {2}s3 list/m);
    expect(doctor.stdout).toContain(hint);
    expect(doctor.stdout).not.toContain('s3 put');
  });
});

describe('a value that cannot be meant', () => {
  it('ends run with 2 and the name of each variable, and no secret', async () => {
    const operator = await newOperator();
    const end = await operator.backup(['run'], {
      env: {
        ...S3,
        S3_ENDPOINT: 'https://account.r2.cloudflarestorage.com/sets',
        S3_ACCESS_KEY_ID: 'AKIDEXAMPLE\r',
        STAGING_DIR: '"/staging"',
        BACKUP_SCHEDULE: '"0 2 * * *"',
        DATABASE_URL: 'postgresql://geolens:hush-hush@one,two/geolens',
      },
    });
    expect(end.code).toBe(2);
    expect(end.stderr).toContain('the configuration has 5 problems');
    for (const sentence of [
      'S3_ENDPOINT ends with the name of the bucket; leave it out: set S3_ENDPOINT=https://account.r2.cloudflarestorage.com',
      'S3_ACCESS_KEY_ID ends with a carriage return',
      'STAGING_DIR begins and ends with quotes: Compose’s list form keeps them; remove the quotes',
      'BACKUP_SCHEDULE begins and ends with quotes',
      'DATABASE_URL names several hosts; give one, the primary',
    ])
      expect(end.stderr).toContain(sentence);
    expect(end.stderr).not.toMatch(/hush|AKID/);
    expect(await operator.volume.everything()).toEqual([]);
  });
});

describe('files that the archive does not hold', () => {
  it('are named by run and doctor', async () => {
    const operator = await newOperator();
    const nas = await mkdtemp(join(tmpdir(), 'geolens-nas-'));
    onTestFinished(() => rm(nas, { recursive: true }));
    await mkdir(join(nas, 'rasters'));
    await writeFile(join(nas, 'rasters/a.tif'), 'raster');
    await symlink(join(nas, 'rasters'), join(operator.volume.staging, 'rasters'));
    const warning = `1 symbolic link leads out of STAGING_DIR=${operator.volume.staging}, and what is there is not in the archive: ./rasters -> ${nas}/rasters`;
    const run = await operator.backup(['run']);
    expect(run.code).toBe(0);
    expect(run.stderr + run.stdout).toContain(warning);
    const { stdout } = await operator.backup(['doctor']);
    expect(stdout).toMatch(/^WARN {2}staging +1 symbolic link leads out of/m);
  });
});
