import { describe, inject, it } from 'vitest';
import { AgeCipher } from '@geolens/backup-adapter-age';
import { EncryptedStore } from '@geolens/backup-core';
import { storeContract } from '@geolens/backup-core/testing';
import { ageKeys, env } from '../adapter-age/support/keys.ts';
import { freshBucket } from '../support/buckets.ts';
import { s3StoreOn } from './support/stores.ts';

describe.skipIf(inject('gateway') === undefined)('the S3 store on a real gateway', () => {
  describe.each([
    ['with a prefix', { prefix: 'backups' }],
    ['without a prefix', { prefix: undefined }],
    ['that is told SHA-256, of which it knows nothing', { checksum: 'sha256' as const }],
  ])('%s', (_, change) => {
    for (const { title, check } of storeContract(async () => s3StoreOn(await freshBucket(), change)))
      it(title, check);
  });

  describe('whose artifacts age encrypts', () => {
    const make = async (): Promise<EncryptedStore> => {
      const { recipient, identity: identities } = await ageKeys();
      const cipher = await AgeCipher.create({ recipients: [recipient], identities, env });
      return new EncryptedStore(s3StoreOn(await freshBucket(), { prefix: 'backups' }), cipher);
    };
    for (const { title, check } of storeContract(make)) it(title, check);
  });
});
