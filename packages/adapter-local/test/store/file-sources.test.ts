import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseTimestamp, type Manifest } from '@geolens/backup-core';
import { formatManifest } from '@geolens/backup-core/internal';
import { fileSources } from '../../src/index.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';

const MANIFEST: Manifest = {
  schemaVersion: 1,
  timestamp: parseTimestamp('20261122_020000')!,
  toolVersion: '1',
  database: 'geolens',
  serverVersion: '17',
  clientVersion: '17',
  extensions: [],
  startedAt: '',
  finishedAt: '',
  tiers: ['daily'],
  artifacts: [],
  checks: {},
  warnings: [],
};

it.each([
  ['manifest-20261122_020000.json', 'manifest'],
  ['globals-20261122_020000.sql', 'globals'],
  ['staging-20261122_020000.tar.gz', 'staging archive'],
  ['state-20261122_020000.json', 'state file'],
])('%s is not taken for a damaged dump', async (name, word) => {
  const path = join(await freshFolder(), name);
  await writeFile(path, 'whole');
  await expect(fileSources().dump(path)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`is the ${word} of set 20261122_020000, and no dump`) as string,
  });
  expect(await fileSources().archive(path)).toMatchObject({ name, bytes: 5 });
});

it('a plain SQL file is not taken for a damaged dump, and a damaged dump not for SQL', async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, 'a.sql'), '--\n-- PostgreSQL database dump\n--\n');
  await writeFile(join(folder, 'a.dump'), 'garbage');
  await expect(fileSources().dump(join(folder, 'a.sql'))).rejects.toMatchObject({
    code: 'ARTIFACT_UNREADABLE',
    message: expect.stringContaining('a.sql is a plain SQL file') as string,
  });
  expect((await fileSources().dump(join(folder, 'a.dump'))).artifacts.dump).toMatchObject({ bytes: 7 });
});

it('the dump that an artifact goes with is the one beside it, of the manifest’s database where there are several', async () => {
  const folder = await freshFolder();
  const at = (name: string): string => join(folder, name);
  for (const name of [
    'a_20261122_020000.dump',
    'geolens_20261122_020000.dump',
    'geolens_20261123_020000.dump',
    'staging-20261122_020000.tar.gz',
  ])
    await writeFile(at(name), 'x');
  await writeFile(at('manifest-20261122_020000.json'), formatManifest(MANIFEST));
  for (const name of [
    'staging-20261122_020000.tar.gz',
    'manifest-20261122_020000.json',
    'globals-20261122_020000.sql',
  ])
    expect(await fileSources().dumpOf(at(name))).toBe(at('geolens_20261122_020000.dump'));
  expect(await fileSources().dumpOf(at('staging-20261123_020000.tar.gz'))).toBe(
    at('geolens_20261123_020000.dump'),
  );
  for (const own of ['a_20261122_020000.dump', 'some.file'])
    expect(await fileSources().dumpOf(at(own))).toBe(at(own));
  await expect(fileSources().dumpOf(at('globals-20261124_020000.sql'))).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('its dump is not beside it') as string,
  });
});

it('a dump has the results of its state file, where that can be used', async () => {
  const folder = await freshFolder();
  const at = (name: string): string => join(folder, name);
  const dump = at('geolens_20261122_020000.dump');
  const passed = { outcome: 'passed', at: '2026-11-22T02:00:00.000Z' } as const;
  const artifacts = [
    { kind: 'dump', name: 'geolens_20261122_020000.dump', bytes: 1, sha256: 'a'.repeat(64) },
  ] as const;
  await writeFile(dump, 'x');
  await writeFile(
    at('manifest-20261122_020000.json'),
    formatManifest({ ...MANIFEST, artifacts, checks: { content: passed } }),
  );
  const failed = { outcome: 'failed', at: '2026-11-23T02:00:00.000Z', reason: 'torn' };
  const state = { schemaVersion: 1, timestamp: '20261122_020000', checks: { content: failed } };
  await writeFile(at('state-20261122_020000.json'), JSON.stringify(state));
  expect(await fileSources().dump(dump)).toMatchObject({
    checks: { content: failed },
    warnings: ['it failed the check "readable" at 2026-11-23T02:00:00.000Z: torn'],
  });
  await writeFile(at('state-20261122_020000.json'), '{');
  expect(await fileSources().dump(dump)).toMatchObject({ checks: { content: passed }, warnings: [] });
});
