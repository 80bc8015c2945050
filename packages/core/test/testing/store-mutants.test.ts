import { describe, expect, it } from 'vitest';
import { primaryStoreContract, storeContract, type ContractCase } from '../../src/testing/index.ts';
import { BROKEN_PRIMARIES } from '../support/broken-primaries.ts';
import { BROKEN_SENDERS } from '../support/broken-staged-uploads.ts';
import { BROKEN_STORES } from '../support/broken-stores.ts';

async function complaints(suite: readonly ContractCase[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { title, check } of suite) {
    await check().catch(() => failed.push(title));
  }
  return failed;
}

describe('the store suite finds out a store that', () => {
  it.each(Object.entries({ ...BROKEN_STORES, ...BROKEN_SENDERS }))('%s', async (_title, make) => {
    const suite = storeContract(() => Promise.resolve(make()));
    const failed = await complaints(suite);
    expect(failed).not.toEqual([]);
    expect(failed.length).toBeLessThan(suite.length);
  });
});

describe('the primary store suite finds out a store that', () => {
  it.each(Object.entries({ ...BROKEN_STORES, ...BROKEN_PRIMARIES }))('%s', async (_title, make) => {
    expect(await complaints(primaryStoreContract(() => Promise.resolve(make())))).not.toEqual([]);
  });
});
