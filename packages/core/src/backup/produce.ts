import { BackupError, errorText, isBackupError } from '../base/errors.ts';
import type { Manifest, ManifestArtifact } from '../model/manifest.ts';
import { artifactKey, type ArtifactKey } from '../model/artifact-key.ts';
import { formatArtifactName, type ArtifactName } from '../model/artifact-name.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { ArchiveCheck, Archiver } from '../ports/archiver.ts';
import type { ArtifactSource } from '../ports/artifact-store.ts';
import type { DumpOrigin, DumpProducer, DumpSnapshot } from '../ports/dump-producer.ts';
import type { PrimaryStore, SetTransaction, WrittenArtifact } from '../ports/primary-store.ts';
import type { StagedUploads } from '../replicate/staged-uploads.ts';
import type { PhaseWatch } from '../progress/phase-watch.ts';
import type { Phases, PhaseSubject } from '../progress/phases.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { nothingMore, verifyArtifact } from '../catalog/verify-artifact.ts';
import { encryptArtifact, type EncryptionParts } from './encrypt-set.ts';

/**
 * Verification level of a set. Each level includes the previous one.
 *
 * - `checksum`: reads the artifacts back and compares them, before the publication;
 * - `readable`: also reads every block and member, before the publication;
 * - `restore`: also restores the set into a temporary server, after the publication.
 */
export type VerifyLevel = 'checksum' | 'readable' | 'restore';

/** Dependencies for making the artifacts of a set. */
export interface ProduceParts {
  readonly producer: DumpProducer;
  /** `undefined` if only the database belongs to a set. */
  readonly archiver?: Archiver | undefined;
  readonly primary: PrimaryStore;
}

export interface ProduceRequest {
  readonly timestamp: RunTimestamp;
  readonly verify: VerifyLevel;
  readonly phases: Phases;
  /** Manifest of the previous set. Its lengths only serve as progress estimates. */
  readonly former?: Pick<Manifest, 'artifacts'> | undefined;
  /**
   * Receives each complete artifact while it is verified. Replicas show nothing of it before the publication
   * of the set.
   */
  readonly stagedUploads?: StagedUploads | undefined;
  /** Encrypts each verified artifact. `undefined` if the set stays plain. */
  readonly encryption?: EncryptionParts | undefined;
  readonly signal: AbortSignal;
}

/** A successfully verified artifact with its entry for the manifest. */
export interface ProducedArtifact {
  readonly key: ArtifactKey;
  readonly entry: ManifestArtifact;
  /** Its content, readable until the transaction ends. */
  readonly source: WrittenArtifact;
  /** Its encrypted form. `undefined` if the set stays plain. */
  readonly cipherText?: WrittenArtifact | undefined;
}

export interface Produced {
  readonly origin: DumpOrigin;
  /** Transaction of the artifacts. The manifest completes it. */
  readonly transaction: SetTransaction;
  /** Artifacts in the order of publication: the dump last, so that it never exists alone. */
  readonly artifacts: readonly ProducedArtifact[];
}

/**
 * Makes the artifacts of a set. Retries once if a concurrent lock (TABLES_BUSY) breaks the dump after the
 * snapshot. A nightly job of the database may need its tables at the same minute.
 */
export async function produce(parts: ProduceParts, request: ProduceRequest): Promise<Produced> {
  try {
    return await produceOnce(parts, request);
  } catch (error) {
    // The first attempt has already waited for the lock.
    const taken = request.phases.reports.some(({ phase }) => phase === 'snapshot');
    if (!taken || request.signal.aborted || !isBackupError(error, 'TABLES_BUSY')) throw error;
    request.phases.warn(`the dump was begun once more: ${errorText(error)}`);
    return produceOnce(parts, request, { tolerant: true });
  }
}

/**
 * Takes the snapshot and makes the artifacts. The globals follow the dump, and the archive is made
 * concurrently. Each artifact is read back as soon as it is complete.
 *
 * - Every verification level counts the rows of the dump while it is read back.
 * - The archive starts after the snapshot, so every file that a row names existed then.
 * - The snapshot ends after the globals, so that its locks and its transaction last no longer than necessary.
 * - A failure stops everything and leaves nothing behind.
 */
async function produceOnce(
  parts: ProduceParts,
  request: ProduceRequest,
  { tolerant = false }: { readonly tolerant?: boolean } = {},
): Promise<Produced> {
  const transaction = parts.primary.begin();
  const { phases, signal } = request;
  let snapshot: DumpSnapshot | undefined;
  try {
    const view = await phases.measure('snapshot', () => parts.producer.snapshot({ signal, tolerant }));
    snapshot = view;
    const [dump, globals, staging] = await sideBySide<Jobs>(signal, (stop) => {
      stop.addEventListener('abort', () => void view.close(), { once: true });
      const maker = new Maker(parts, { ...request, signal: stop }, transaction);
      const dump = maker.writeDump(view);
      return [maker.dump(view, dump), maker.globals(view, dump), maker.staging()];
    });
    for (const warning of view.warnings()) phases.warn(warning);
    const artifacts = [globals, staging, dump].filter((artifact) => artifact !== undefined);
    return { origin: view.origin, transaction, artifacts };
  } catch (error) {
    await transaction.rollback();
    throw error;
  } finally {
    await snapshot?.close();
  }
}

/** Origin of the bytes of an artifact, for the stall watch. */
type Other = Pick<PhaseSubject<unknown>, 'peer' | 'working'>;

type Jobs = [ProducedArtifact, ProducedArtifact | undefined, ProducedArtifact | undefined];

/** An artifact that is written but not read back yet. */
interface Written {
  readonly name: ArtifactName & { readonly kind: ManifestArtifact['kind'] };
  readonly artifact: WrittenArtifact;
}

/** Writes single artifacts and reads them back. */
class Maker {
  private readonly parts: ProduceParts;
  private readonly request: ProduceRequest;
  private readonly transaction: SetTransaction;

  constructor(parts: ProduceParts, request: ProduceRequest, transaction: SetTransaction) {
    this.parts = parts;
    this.request = request;
    this.transaction = transaction;
  }

  writeDump(snapshot: DumpSnapshot): Promise<Written> {
    const { database } = this.parts.producer;
    const name = { kind: 'dump', database, timestamp: this.request.timestamp } as const;
    return this.write(name, snapshot.dump(), this.server(snapshot));
  }

  async dump(snapshot: DumpSnapshot, written: Promise<Written>): Promise<ProducedArtifact> {
    const { signal } = this.request;
    const { made, found } = await this.readBack(await written, (source, watch) =>
      this.parts.producer.check(source, { signal: watch.until(signal), onProgress: watch.move }),
    );
    const { tables: rowCounts, ofExtensions } = snapshot.rowCounts(found.rows);
    const counts = {
      tableCount: rowCounts.length,
      rowCounts,
      ...(ofExtensions.length > 0 && { extensionRowCounts: ofExtensions }),
    };
    const { compression } = snapshot.origin;
    return this.encrypted({ ...made, entry: { ...made.entry, compression, ...counts } });
  }

  /** Makes the globals after the dump is written, then ends the snapshot. */
  async globals(snapshot: DumpSnapshot, dump: Promise<Written>): Promise<ProducedArtifact | undefined> {
    await dump;
    const content = snapshot.globals();
    const name = { kind: 'globals', timestamp: this.request.timestamp } as const;
    const written = content && (await this.write(name, content, this.server(snapshot)));
    await snapshot.close();
    return written && this.encrypted((await this.readBack(written, nothingMore)).made);
  }

  async staging(): Promise<ProducedArtifact | undefined> {
    const { archiver } = this.parts;
    const { signal, phases, timestamp, verify } = this.request;
    if (archiver === undefined) return undefined;
    const archive = await archiver.archive({ signal });
    if ('nothing' in archive) {
      phases.warn(`no staging archive: ${archive.nothing}`);
      return undefined;
    }
    const check = (source: ArtifactSource, watch: PhaseWatch): Promise<ArchiveCheck> =>
      archiver.check(source, { signal: watch.until(signal), onMember: watch.move });
    const name = { kind: 'staging', timestamp } as const;
    const written = await this.write(name, archive.content, { peer: 'from the staging folder' });
    const { made, found } = await this.readBack<ArchiveCheck | undefined>(
      written,
      verify === 'checksum' ? nothingMore : check,
    );
    const { members, leftOut = [], refusal } = found ?? {};
    for (const warning of archive.warnings()) phases.warn(warning);
    for (const what of leftOut) phases.warn(`a restore of ${made.entry.name} leaves out ${what}`);
    if (refusal !== undefined)
      phases.warn(`a restore unpacks nothing of ${made.entry.name}, because it ${refusal}`);
    return this.encrypted({ ...made, entry: { ...made.entry, ...(members !== undefined && { members }) } });
  }

  private async encrypted(made: ProducedArtifact): Promise<ProducedArtifact> {
    const { encryption, signal } = this.request;
    if (encryption === undefined) return made;
    const { key, entry, source } = made;
    const plain = { key, kind: entry.kind, source };
    const cipherText = await encryptArtifact(this.transaction, plain, { ...encryption, signal });
    return { ...made, cipherText };
  }

  private server(snapshot: DumpSnapshot): Other {
    const { server } = this.parts.producer;
    return {
      peer: server && `from ${server}`,
      working: snapshot.isWorking && ((signal) => snapshot.isWorking?.(signal) ?? Promise.resolve(false)),
    };
  }

  private async write(
    name: Written['name'],
    content: AsyncIterable<Uint8Array>,
    other: Other,
  ): Promise<Written> {
    const { phases, signal, former, stagedUploads } = this.request;
    const fileName = formatArtifactName(name);
    const about = former?.artifacts.find(({ kind }) => kind === name.kind)?.bytes;
    const of = {
      artifact: name.kind,
      bytes: ({ bytes }: ArtifactSource) => bytes,
      expected: { about },
      ...other,
    };
    const artifact = await phases.measure(
      'produce',
      (watch) =>
        this.transaction.write(artifactKey('daily', fileName), watch.content(content), {
          signal: watch.until(signal),
        }),
      of,
    );
    stagedUploads?.begin(artifact.key, name.kind, artifact);
    return { name, artifact };
  }

  private async readBack<T>(
    { name, artifact }: Written,
    read: (source: ArtifactSource, watch: PhaseWatch) => Promise<T>,
  ): Promise<{ readonly made: ProducedArtifact; readonly found: T }> {
    const { phases, signal } = this.request;
    const fileName = formatArtifactName(name);
    const reading = {
      artifact: name.kind,
      bytes: () => artifact.bytes,
      expected: { atMost: artifact.bytes },
    };
    const found = await phases
      .measure(
        'verify',
        (watch) =>
          verifyArtifact(
            fileName,
            watch.source(artifact),
            (source) => read(source, watch),
            watch.until(signal),
          ),
        reading,
      )
      .catch((error: unknown) => {
        throw named(fileName, error);
      });
    const { key, bytes, sha256 } = artifact;
    return {
      made: { key, entry: { kind: name.kind, name: fileName, bytes, sha256 }, source: artifact },
      found,
    };
  }
}

/** Prefixes damage with the file name of the artifact, so that the operator finds the file. */
function named(fileName: string, error: unknown): unknown {
  if (!isBackupError(error, 'ARTIFACT_UNREADABLE') || error.message.startsWith(fileName)) return error;
  const { code, message, details, hint } = error;
  return new BackupError(code, `${fileName}: ${message}`, { details, hint, cause: error });
}
