import { describe, it } from 'vitest';
import { EncryptedStore } from '../../src/encrypt/encrypted-store.ts';
import { MemoryRecords } from '../../src/ports/replica-records.ts';
import {
  dumpProducerContract,
  FakeCipher,
  FakeDumpProducer,
  FaultyStore,
  MemoryStore,
  primaryStoreContract,
  StagedUploadStore,
  storeContract,
} from '../../src/testing/index.ts';

describe('the store in memory', () => {
  for (const { title, check } of primaryStoreContract(() => Promise.resolve(new MemoryStore())))
    it(title, check);
});

describe('the faulty store without faults', () => {
  for (const { title, check } of primaryStoreContract(() =>
    Promise.resolve(new FaultyStore(new MemoryStore(), () => undefined)),
  ))
    it(title, check);
});

describe('the store in memory, as a replica', () => {
  for (const { title, check } of storeContract(() => Promise.resolve(new MemoryStore('replica'))))
    it(title, check);
});

describe('the store in memory that takes artifacts ahead of their set', () => {
  for (const { title, check } of storeContract(() => Promise.resolve(new StagedUploadStore('replica'))))
    it(title, check);
  for (const { title, check } of storeContract(() =>
    Promise.resolve(new FaultyStore(new StagedUploadStore(), () => undefined)),
  ))
    it(`${title}, behind the faulty one`, check);
});

describe('a store of cipher texts', () => {
  const records = (): MemoryRecords => new MemoryRecords();
  for (const { title, check } of storeContract(() =>
    Promise.resolve(new EncryptedStore(new MemoryStore('replica', records()), new FakeCipher())),
  ))
    it(title, check);
  for (const { title, check } of storeContract(() =>
    Promise.resolve(new EncryptedStore(new StagedUploadStore('replica'), new FakeCipher())),
  ))
    it(`${title}, with staged uploads`, check);
  for (const { title, check } of storeContract(() =>
    Promise.resolve(new EncryptedStore(new MemoryStore('replica', records()), new FakeCipher([], ['alice']))),
  ))
    it(`${title}, of a cipher with no recipients`, check);
});

describe('the fake producer', () => {
  const subject = () => {
    const producer = new FakeDumpProducer();
    const addRow = (): Promise<void> => {
      producer.rows = producer.rows.map((table) => ({ ...table, rows: table.rows + 1 }));
      return Promise.resolve();
    };
    return Promise.resolve({ producer, addRow });
  };
  for (const { title, check } of dumpProducerContract(subject)) it(title, check);
});
