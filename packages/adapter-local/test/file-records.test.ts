import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { artifactKey } from '@geolens/backup-core';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { failure } from '../../system/test/support/failure.ts';
import { FileRecords, recordsName } from '../src/file-records.ts';

const DUMP = artifactKey('daily', 'geolens_20260104_020000.dump');
const GLOBALS = artifactKey('daily', 'globals_20260104_020000.sql');
const RECORD = { tag: 'etag', sha256: 'digest', at: '2026-01-04T02:00:00.000Z' };

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'geolens-records-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  path = join(folder, recordsName('s3', 'endpoint/bucket'));
});

describe('what is known of a replica', () => {
  it('lasts, changes by record, and can be forgotten', async () => {
    await new FileRecords(path).update(
      new Map([
        [DUMP, RECORD],
        [GLOBALS, RECORD],
      ]),
    );
    await new FileRecords(path).update(
      new Map([
        [DUMP, { ...RECORD, tag: 'other' }],
        [GLOBALS, undefined],
      ]),
    );
    expect(await new FileRecords(path).read()).toEqual(new Map([[DUMP, { ...RECORD, tag: 'other' }]]));
  });

  it('is another for another bucket', () => {
    expect(recordsName('s3', 'endpoint/bucket')).not.toBe(recordsName('s3', 'endpoint/other'));
  });

  it.each(['', '{', 'null', '7', '[]', `{"${DUMP}":null}`, `{"${DUMP}":{"tag":1,"sha256":"","at":""}}`])(
    'is nothing where the file has %j',
    async (text) => {
      await writeFile(path, text);
      expect(await new FileRecords(path).read()).toEqual(new Map());
    },
  );

  it('is neither read nor written through a link', async () => {
    const other = join(folder, 'other');
    await writeFile(other, JSON.stringify({ [DUMP]: RECORD }));
    await symlink(other, path);
    const error = await failure('STORE_FAILED', new FileRecords(path).read());
    expect(error.message).toContain('is not a regular file');
    await failure('STORE_FAILED', new FileRecords(path).update(new Map([[DUMP, undefined]])));
    expect(await readFile(other, 'utf8')).toContain('digest');
  });
});
