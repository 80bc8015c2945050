import { isBackupError, throwIfAborted } from '../base/errors.ts';
import { boundedListing } from '../catalog/read-sets.ts';
import {
  companionKey,
  encryptedKey,
  nameOfKey,
  placeOf,
  plainKey,
  type ArtifactKey,
} from '../model/artifact-key.ts';
import type { Tier } from '../model/tier.ts';
import type { ArtifactStore, StoredArtifact, StoreOptions } from '../ports/artifact-store.ts';
import { HEADER_BYTES, type Cipher } from '../ports/cipher.ts';
import type { ReplicaRecord, ReplicaRecords } from '../ports/replica-records.ts';

/** Number of headers that are read at once, of artifacts whose plain length is not recorded. */
const HEADERS_AT_ONCE = 16;

/**
 * Lists a tier of a store of cipher texts as plain artifacts with their plain lengths. A manifest with
 * details has the length of the details.
 * @returns the plain artifacts, and those of the store by key
 */
export async function listPlain(
  store: ArtifactStore,
  cipher: Cipher,
  tier: Tier,
  options: StoreOptions,
): Promise<{
  readonly artifacts: readonly StoredArtifact[];
  readonly stored: Map<ArtifactKey, Partial<StoredArtifact>>;
}> {
  const listing = new Map<ArtifactKey, StoredArtifact>(
    (await boundedListing(store, [tier], options)).map((artifact) => [artifact.key, artifact]),
  );
  const records = (await store.records?.read()) ?? new Map<ArtifactKey, ReplicaRecord>();
  const listed: StoredArtifact[] = [];
  const recordOf = ({ key, tag }: StoredArtifact): ReplicaRecord | 'unknown' | undefined => {
    const record = records.get(key);
    if (record !== undefined && record.tag === tag) return record;
    // Without a record and a manifest, only the store claims what an artifact is: it is sent again.
    const place = placeOf(key);
    return store.records === undefined || (place && listing.has(companionKey(place, 'manifest')))
      ? undefined
      : 'unknown';
  };
  const queue = listing.values();
  const list = async (): Promise<void> => {
    for (const artifact of queue) {
      const { key, tag } = artifact;
      const encrypted = listing.get(encryptedKey(key));
      const kind = nameOfKey(key)?.kind;
      if (encrypted === undefined || kind === 'state') listed.push(artifact);
      // Of two forms, the encrypted one counts. The details stand for the manifest.
      else if (encrypted === artifact ? kind !== 'details' : kind === 'manifest')
        listed.push({
          key: plainKey(key),
          bytes: await plainBytes(store, cipher, encrypted, recordOf(encrypted), options),
          ...(tag !== undefined && { tag }),
        });
    }
  };
  await Promise.all(Array.from({ length: HEADERS_AT_ONCE }, list));
  return { artifacts: listed, stored: listing };
}

/** Returns the plain length of a cipher text: as recorded, or from its header. */
async function plainBytes(
  store: ArtifactStore,
  cipher: Cipher,
  { key, bytes }: StoredArtifact,
  record: ReplicaRecord | 'unknown' | undefined,
  options: StoreOptions,
): Promise<number> {
  if (record === 'unknown') return bytes;
  if (record?.plain !== undefined) return record.plain.bytes;
  throwIfAborted(options.signal);
  const start: Uint8Array[] = [];
  try {
    for await (const chunk of store.read(key, { start: 0, end: Math.min(bytes, HEADER_BYTES) }, options))
      start.push(chunk);
  } catch (error) {
    if (isBackupError(error, 'ARTIFACT_NOT_FOUND')) return bytes;
    throw error;
  }
  return cipher.plainBytes(bytes, Buffer.concat(start)) ?? bytes;
}

/** Records of a store of cipher texts, as those of plain artifacts. */
export function plainRecords(records: ReplicaRecords): ReplicaRecords {
  return {
    read: async () => {
      const all = [...(await records.read())];
      const plain = all.filter(([key]) => nameOfKey(key)?.kind !== 'details');
      return new Map(
        plain.map(([key, { plain: text, ...record }]) => [
          plainKey(key),
          { ...record, sha256: text?.sha256 ?? record.sha256 },
        ]),
      );
    },
    update: (change) =>
      records.update(
        new Map(
          [...change].flatMap(([key, record]) => [
            [key, record] as const,
            ...(record === undefined ? [[encryptedKey(key), record] as const] : []),
          ]),
        ),
      ),
  };
}
