import assert from 'node:assert/strict';
import { isBackupError, type ErrorCode } from '../base/errors.ts';
import { artifactKey, splitKey } from '../model/artifact-key.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { ContractCase } from './contract-case.ts';
import { chunksOf } from './sources.ts';

/** Names that a store must support. A database may have any name that fits into a file name. */
export const NAMES = [
  'geolens_20260101_020000.dump',
  'staging-20260101_020000.tar.gz',
  'state-20260101_020000.json',
  'a_20250101_000000_20260101_020000.dump',
  'with space "quotes" \'and\' %2F + & = ?_20260101_020000.dump',
  'Katalog-ä-日本語-🗺_20260101_020000.dump',
  '.hidden_20260101_020000.dump',
] as const;

export const KEY = artifactKey('daily', NAMES[0]);

/** Longer than one buffer of any adapter, and not a multiple of any buffer size. */
export const LONG = Buffer.alloc(3 * 1024 * 1024 + 7, 'geolens');

export type Clause = (title: string, check: (store: ArtifactStore) => Promise<void>) => ContractCase;

export async function* stopping(content: Uint8Array, stop: AbortController): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunksOf(content)) {
    yield chunk;
    stop.abort();
  }
}

export async function listed(store: ArtifactStore): Promise<readonly (readonly [string, number])[]> {
  const found: [string, number][] = [];
  for (const tier of ['daily', 'weekly'] as const) {
    for await (const { key, bytes } of store.list(tier)) found.push([key, bytes]);
  }
  return found.sort(([one], [other]) => (one < other ? -1 : 1));
}

export async function tagOf(store: ArtifactStore, of = KEY): Promise<string | undefined> {
  for await (const { key, tag } of store.list(splitKey(of).tier)) if (key === of) return tag;
  return undefined;
}

export async function keys(store: ArtifactStore): Promise<readonly string[]> {
  return (await listed(store)).map(([key]) => key);
}

export async function rejectsWith(code: ErrorCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(isBackupError(error, code), `expected ${code}, got ${String(error)}`);
    return true;
  });
}
