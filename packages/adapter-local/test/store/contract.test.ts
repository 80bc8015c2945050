import { describe, it } from 'vitest';
import { EncryptedStore } from '@geolens/backup-core';
import { FakeCipher, primaryStoreContract, storeContract } from '@geolens/backup-core/testing';
import { LocalStore } from '../../src/store/local-store.ts';
import { freshFolder, freshMount, mayMount } from '../../../system/test/support/folders.ts';

describe('the local store', () => {
  const contract = primaryStoreContract(
    async () => new LocalStore({ root: await freshFolder(), label: 'BACKUP_DIR' }),
  );
  for (const { title, check } of contract) it(title, check);
});

describe('the local store with encrypted artifacts', () => {
  const contract = storeContract(
    async () => new EncryptedStore(new LocalStore({ root: await freshFolder() }), new FakeCipher()),
  );
  for (const { title, check } of contract) it(title, check);
});

describe.skipIf(!mayMount)(
  'the local store on a volume in memory (only where file systems can be mounted)',
  () => {
    const contract = primaryStoreContract(async () => new LocalStore({ root: await freshMount('size=64m') }));
    for (const { title, check } of contract) it(title, check);
  },
);
