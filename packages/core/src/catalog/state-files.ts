import { isBackupError } from '../base/errors.ts';
import { companionKey } from '../model/artifact-key.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { CHECK_NAMES } from '../model/manifest.ts';
import { amendStateFile, parseStateFile, type Learnt, type StateFile } from '../model/state-file.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { boundedTextOf, textSource } from '../ports/text-source.ts';

/** Largest state file that is read, in bytes: some hundred are usual. */
const LARGEST_STATE_BYTES = 256 * 1024;

/**
 * Reads a state file.
 * @throws BackupError MANIFEST_INVALID or MANIFEST_TOO_NEW if it cannot be used; what its content fails with
 */
export async function readStateFile(
  content: AsyncIterable<Uint8Array>,
  timestamp: RunTimestamp,
): Promise<StateFile> {
  return parseStateFile(await stateTextOf(content), timestamp);
}

/** Whether a state file is to be ignored for this error: there is none, or it cannot be used. */
export function isUnusableState(error: unknown): boolean {
  return isBackupError(error, 'ARTIFACT_NOT_FOUND', 'MANIFEST_INVALID', 'MANIFEST_TOO_NEW');
}

/**
 * Adds to the state file of a set what is new of this copy. The caller holds the lock.
 * @throws BackupError MANIFEST_TOO_NEW if a newer version wrote the present one
 */
export async function recordState(
  store: ArtifactStore,
  set: Pick<BackupSet, 'tier' | 'timestamp'>,
  learnt: Learnt,
  options: StoreOptions = {},
): Promise<void> {
  const key = companionKey(set, 'state');
  let text: string | undefined;
  try {
    text = await stateTextOf(store.read(key, undefined, options));
  } catch (error) {
    if (!isUnusableState(error)) throw error;
  }
  await store.put(key, textSource(amendStateFile(text, set.timestamp, learnt)), options);
}

/** What is known of a set and may be unknown of another copy of it. */
export type KnownSet = Pick<BackupSet, 'tier' | 'timestamp' | 'manifest' | 'checks' | 'acceptedAt'>;

/**
 * Returns what a new copy of a whole set takes over besides its manifest: its acceptance, a failed restore
 * test, and what refutes a failed check that an older version wrote into the manifest. `undefined` if there
 * is nothing.
 */
export function inherited({ manifest, checks, acceptedAt }: KnownSet): Learnt | undefined {
  const known = CHECK_NAMES.filter((name) => {
    const before = manifest?.checks[name];
    if (checks[name] === undefined || checks[name] === before) return false;
    return before?.outcome === 'failed' || (name === 'restoreTest' && checks[name].outcome === 'failed');
  });
  const isAccepted = acceptedAt !== undefined && manifest?.acceptedAt === undefined;
  if (known.length === 0 && !isAccepted) return undefined;
  return {
    checks: Object.fromEntries(known.map((name) => [name, checks[name]])),
    ...(isAccepted && { acceptedAt }),
  };
}

/** Replaces the state file of a copy that is made anew: results of checks are of its former bytes. */
export async function resetState(
  store: ArtifactStore,
  set: KnownSet,
  options: StoreOptions = {},
): Promise<void> {
  const text = amendStateFile(undefined, set.timestamp, inherited(set) ?? {});
  await store.put(companionKey(set, 'state'), textSource(text), options);
}

function stateTextOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  return boundedTextOf(content, LARGEST_STATE_BYTES, 'the state file');
}
