import { isBackupError } from '../base/errors.ts';
import { companionKey } from '../model/artifact-key.ts';
import type { BackupSet } from '../model/backup-set.ts';
import { CHECK_NAMES } from '../model/manifest.ts';
import {
  amendStateFile,
  parseStateFile,
  withoutStateReasons,
  type Learnt,
  type StateFile,
} from '../model/state-file.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArtifactStore, StoreOptions } from '../ports/artifact-store.ts';
import { boundedTextOf, textSource } from '../ports/text-source.ts';

/** A set whose state is recorded. */
type SetIdentity = Pick<BackupSet, 'tier' | 'timestamp'> & Partial<Pick<BackupSet, 'manifest'>>;

/** Maximum size of a state file in bytes. A usual one has some hundred bytes. */
const LARGEST_STATE_BYTES = 256 * 1024;

/**
 * Reads a state file.
 * @throws BackupError MANIFEST_INVALID or MANIFEST_TOO_NEW if it is not usable
 * @throws the error of `content` if the read fails
 */
export async function readStateFile(
  content: AsyncIterable<Uint8Array>,
  timestamp: RunTimestamp,
): Promise<StateFile> {
  return parseStateFile(await stateTextOf(content), timestamp);
}

/**
 * Returns whether the error means that a state file does not exist or is not usable, and is to be ignored.
 */
export function isUnusableState(error: unknown): boolean {
  return isBackupError(error, 'ARTIFACT_NOT_FOUND', 'MANIFEST_INVALID', 'MANIFEST_TOO_NEW');
}

/**
 * Adds new results to the state file of a copy. The caller holds the lock.
 * @throws BackupError MANIFEST_TOO_NEW if a newer version wrote the current one
 */
export async function recordState(
  store: ArtifactStore,
  set: SetIdentity,
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
  await putState(store, set, amendStateFile(text, set.timestamp, learnt), options);
}

/** The part of a set that its other copies may lack. */
export type KnownSet = Pick<BackupSet, 'tier' | 'timestamp' | 'manifest' | 'checks' | 'acceptedAt' | 'hold'>;

/**
 * Returns what a new copy of a whole set inherits besides its manifest; `undefined` if there is nothing.
 *
 * - its acceptance and its hold;
 * - a failed restore test;
 * - later results of checks that the manifest records as failed. Only older versions wrote such failures into
 *   manifests.
 */
export function inherited({ manifest, checks, acceptedAt, hold }: KnownSet): Learnt | undefined {
  const known = CHECK_NAMES.filter((name) => {
    const before = manifest?.checks[name];
    if (checks[name] === undefined || checks[name] === before) return false;
    return before?.outcome === 'failed' || (name === 'restoreTest' && checks[name].outcome === 'failed');
  });
  const isAccepted = acceptedAt !== undefined && manifest?.acceptedAt === undefined;
  if (known.length === 0 && !isAccepted && hold === undefined) return undefined;
  return {
    checks: Object.fromEntries(known.map((name) => [name, checks[name]])),
    ...(isAccepted && { acceptedAt }),
    ...(hold !== undefined && { hold }),
  };
}

/**
 * Replaces the state file of a copy that is written again, because its check results are about the previous
 * bytes.
 */
export async function resetState(
  store: ArtifactStore,
  set: KnownSet,
  options: StoreOptions = {},
): Promise<void> {
  const text = amendStateFile(undefined, set.timestamp, inherited(set) ?? {});
  await putState(store, set, text, options);
}

/** Stores a state file. That of an encrypted set has no reasons, because they name tables and files. */
async function putState(
  store: ArtifactStore,
  set: SetIdentity,
  text: string,
  options: StoreOptions,
): Promise<void> {
  const kept = set.manifest?.encryption === undefined ? text : withoutStateReasons(text);
  await store.put(companionKey(set, 'state'), textSource(kept), options);
}

function stateTextOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  return boundedTextOf(content, LARGEST_STATE_BYTES, 'the state file');
}
