import { describe, it } from 'vitest';
import { EncryptedStore } from '@geolens/backup-core';
import { FakeCipher, storeContract } from '@geolens/backup-core/testing';
import { S3Store } from '../src/index.ts';
import { FakeS3 } from './support/fake-s3.ts';

const MIB = 1024 * 1024;

describe.each([
  ['with a prefix', 'backups', {}],
  ['with a deep prefix, written with slashes around it', '/hosts/one/', {}],
  ['without a prefix', undefined, {}],
  ['that sends and copies in parts', 'backups', { partBytes: MIB, singleCopyBytes: MIB, copyPartBytes: MIB }],
  [
    'that sends parts which it does not hold in memory',
    'backups',
    { partBytes: MIB, bufferedPartBytes: 1000 },
  ],
])('the S3 store %s', (_, prefix, limits) => {
  const settings = { bucket: 'sets', endpoint: 'http://s3.test', prefix };
  for (const { title, check } of storeContract(() =>
    Promise.resolve(new S3Store({ settings, client: new FakeS3().client, limits })),
  ))
    it(title, check);
  for (const { title, check } of storeContract(() =>
    Promise.resolve(
      new EncryptedStore(new S3Store({ settings, client: new FakeS3().client, limits }), new FakeCipher()),
    ),
  ))
    it(`${title}, with encrypted artifacts`, check);
});
