import { BackupError, isBackupError, throwIfAborted, toBackupError } from '../base/errors.ts';
import { readCopy, type ReadingParts } from '../catalog/read-copy.ts';
import { withDetails } from '../catalog/plain-text.ts';
import { readStores } from '../catalog/read-stores.ts';
import { isInFuture } from '../catalog/select-sets.ts';
import { copyOfSet } from '../catalog/set-copy.ts';
import { isWhole, type BackupSet } from '../model/backup-set.ts';
import type { CheckOutcome } from '../model/check-outcome.ts';
import type { Encryption } from '../model/manifest.ts';
import type { ArtifactStore } from '../ports/artifact-store.ts';
import type { Cipher } from '../ports/cipher.ts';
import type { SetCopy } from '../ports/set-copy.ts';

/** Result of the check of identities with the newest encrypted set of a store. */
export interface KeyCheck {
  /** Name of the store. */
  readonly store: string;
  /** The set that was read. `undefined` if there is none, or the store could not be read. */
  readonly copy: SetCopy | undefined;
  /**
   * - `passed`: an identity opens the set, whose dump has the bytes that were backed up;
   * - `failed`: no identity opens the set, or the set is damaged;
   * - `inconclusive`: the store or the set could not be read;
   * - `skipped`: the store has no whole encrypted set.
   */
  readonly outcome: CheckOutcome;
  /** Fingerprint of the identity that opened the set. `undefined` if none did, or it is unknown which. */
  readonly recipient: string | undefined;
  /** Why the check did not pass. `undefined` if it passed or was skipped. */
  readonly error: BackupError | undefined;
}

/** Which sets are opened, with which identities. */
export interface KeyCheckRequest {
  /** Name of the database. Sets of other databases are ignored. */
  readonly database: string;
  /** Current time. A set from the future is ignored. */
  readonly now: Date;
  /** Has the identities. */
  readonly cipher: Cipher;
  readonly signal: AbortSignal;
}

/**
 * Opens the newest encrypted set of each store: decrypts its details and its dump, and compares their SHA-256
 * with the manifest. Errors are results, not thrown.
 * @throws the reason of the signal if it fires
 */
export async function checkKeys(
  parts: ReadingParts,
  stores: readonly ArtifactStore[],
  request: KeyCheckRequest,
): Promise<readonly KeyCheck[]> {
  const { database, now, signal } = request;
  const checks: KeyCheck[] = [];
  for await (const answer of readStores(stores, { signal })) {
    const unread = { store: answer.store.name, copy: undefined, recipient: undefined };
    if (answer.error !== undefined) {
      checks.push({ ...unread, outcome: 'inconclusive', error: answer.error });
      continue;
    }
    const set = answer.sets.find(
      (one) =>
        one.database === database &&
        one.manifest?.encryption !== undefined &&
        isWhole(one) &&
        !isInFuture(one, now),
    );
    checks.push(
      set === undefined
        ? { ...unread, outcome: 'skipped', error: undefined }
        : await checkSet(parts, answer.store, set, request),
    );
  }
  return checks;
}

async function checkSet(
  parts: ReadingParts,
  store: ArtifactStore,
  set: BackupSet,
  { cipher, signal }: KeyCheckRequest,
): Promise<KeyCheck> {
  const copy = copyOfSet(store, set, { cipher, signal });
  const error = await errorIn(parts, copy, signal);
  const outcome =
    error === undefined
      ? 'passed'
      : isBackupError(error, 'KEY_MISSING', 'ARTIFACT_UNREADABLE', 'MANIFEST_INVALID')
        ? 'failed'
        : 'inconclusive';
  const recipient = outcome === 'passed' ? recipientOf(cipher, set.manifest?.encryption) : undefined;
  return { store: store.name, copy, outcome, recipient, error };
}

/** Returns why a copy cannot be opened and read. `undefined` if it can. */
async function errorIn(
  parts: ReadingParts,
  copy: SetCopy,
  signal: AbortSignal,
): Promise<BackupError | undefined> {
  const { details, dump } = copy.artifacts;
  if (details?.encrypted === undefined || dump?.encrypted === undefined)
    return new BackupError('ARTIFACT_UNREADABLE', `${copy.label} lacks its encrypted details or dump`);
  try {
    // First the small artifact: a wrong identity then reads no dump.
    await withDetails(copy);
  } catch (error) {
    throwIfAborted(signal);
    return toBackupError(error);
  }
  const readings = await readCopy(parts, copy, { kinds: ['details', 'dump'], bytesOnly: ['dump'], signal });
  for (const { problem, failure, refusal } of readings) {
    if (problem !== undefined) return new BackupError('ARTIFACT_UNREADABLE', problem);
    if (failure !== undefined || refusal !== undefined) return failure ?? refusal;
  }
  return undefined;
}

/**
 * Returns the fingerprint of the identity that opens a set: the first one that is of one of its recipients.
 * `undefined` if none is.
 */
export function recipientOf(
  { identities }: Pick<Cipher, 'identities'>,
  encryption: Encryption | undefined,
): string | undefined {
  return identities.find((identity) => encryption?.recipients.includes(identity) === true);
}
