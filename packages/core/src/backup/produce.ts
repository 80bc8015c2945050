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

/**
 * How thoroughly a set is checked, each including the former: read back and compared; every block and member
 * read, both before the artifacts get their names; restored into a temporary server, once the set is there.
 */
export type VerifyLevel = 'checksum' | 'readable' | 'restore';

/** What makes the artifacts of a set, and where they are made. */
export interface ProduceParts {
  readonly producer: DumpProducer;
  /** Absent: nothing but the database belongs to a set. */
  readonly archiver?: Archiver | undefined;
  readonly primary: PrimaryStore;
}

export interface ProduceRequest {
  readonly timestamp: RunTimestamp;
  readonly verify: VerifyLevel;
  readonly phases: Phases;
  /** The former set: how far the new one is can be told by its lengths only. */
  readonly former?: Pick<Manifest, 'artifacts'> | undefined;
  /**
   * Gets each artifact as soon as it is whole, beside its verification: it goes nowhere under its name before
   * the set has its own.
   */
  readonly stagedUploads?: StagedUploads | undefined;
  readonly signal: AbortSignal;
}

/** An artifact that was read back and found good, with its entry for the manifest. */
export interface ProducedArtifact {
  readonly key: ArtifactKey;
  readonly entry: ManifestArtifact;
}

export interface Produced {
  readonly origin: DumpOrigin;
  /** What the artifacts were written in; the manifest completes it. */
  readonly transaction: SetTransaction;
  /** In the order in which they are to be published: the dump last, so that it never stands alone. */
  readonly artifacts: readonly ProducedArtifact[];
}

/**
 * Makes the artifacts of a set. Where somebody came between the snapshot and the programs that read it, all
 * is begun once more: that takes a moment, and a job of every night may well want its tables at the same
 * minute.
 */
export async function produce(parts: ProduceParts, request: ProduceRequest): Promise<Produced> {
  try {
    return await produceOnce(parts, request);
  } catch (error) {
    const taken = request.phases.reports.some(({ phase }) => phase === 'snapshot'); // before that, it was waited for long enough
    if (!taken || request.signal.aborted || !isBackupError(error, 'TABLES_BUSY')) throw error;
    request.phases.warn(`the dump was begun once more: ${errorText(error)}`);
    return produceOnce(parts, request, { tolerant: true });
  }
}

/**
 * Takes the snapshot, then makes the dump, the globals after it, and the archive beside both, each artifact
 * read back as soon as it is whole. Rows are counted in the dump while it is read back, at every level of
 * verification. The archive is begun after the snapshot was taken, so every file that a row names was there.
 * The snapshot ends with the globals: its locks and its transaction wait for nothing else. When anything
 * fails, everything is stopped and nothing is left.
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

/** Where the bytes of an artifact come from. */
type Other = Pick<PhaseSubject<unknown>, 'peer' | 'working'>;

type Jobs = [ProducedArtifact, ProducedArtifact | undefined, ProducedArtifact | undefined];

/** An artifact that is written, and not read back yet. */
interface Written {
  readonly name: ArtifactName & { readonly kind: ManifestArtifact['kind'] };
  readonly artifact: WrittenArtifact;
}

/** Makes single artifacts: written, then read back. */
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
    return { key: made.key, entry: { ...made.entry, compression: snapshot.origin.compression, ...counts } };
  }

  /** Makes the globals once the dump is written, then ends the snapshot. */
  async globals(snapshot: DumpSnapshot, dump: Promise<Written>): Promise<ProducedArtifact | undefined> {
    await dump;
    const content = snapshot.globals();
    const name = { kind: 'globals', timestamp: this.request.timestamp } as const;
    const written = content && (await this.write(name, content, this.server(snapshot)));
    await snapshot.close();
    return written && (await this.readBack(written, nothingMore)).made;
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
    return { key: made.key, entry: { ...made.entry, ...(members !== undefined && { members }) } };
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
    return { made: { key, entry: { kind: name.kind, name: fileName, bytes, sha256 } }, found };
  }
}

/** Damage is reported with the name of the artifact: an operator looks for the file. */
function named(fileName: string, error: unknown): unknown {
  if (!isBackupError(error, 'ARTIFACT_UNREADABLE') || error.message.startsWith(fileName)) return error;
  const { code, message, details, hint } = error;
  return new BackupError(code, `${fileName}: ${message}`, { details, hint, cause: error });
}
