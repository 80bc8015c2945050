import { throwIfAborted } from '../base/errors.ts';
import { splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { ArtifactSource, ArtifactStore, StagedUpload } from '../ports/artifact-store.ts';
import type { Phases } from '../progress/phases.ts';

export interface StagedUploadsOptions {
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** Result of a staged upload. `undefined` if there is nothing to complete. Never rejects. */
type Sent = Promise<StagedUpload | undefined>;

type Sends = Map<ArtifactKey, Sent>;

/**
 * Staged uploads to the replicas while the set is made. Replicas show nothing of them before the publication
 * on the volume.
 *
 * Each replica receives one artifact after the other, which bounds the memory. Only `take` waits for an
 * upload, so a slow line does not delay the publication. A failed upload does not fail the run: the
 * replication uploads the artifact later, and may then fail.
 */
export class StagedUploads {
  private readonly replicas: readonly ArtifactStore[];
  private readonly phases: Phases;
  private readonly signal: AbortSignal;
  private readonly either: AbortSignal;
  private readonly stop = new AbortController();
  /** By the name of the replica: a set that is encrypted already goes to the store beneath it. */
  private readonly uploads = new Map<string, Sends>();
  /** Durations of the uploads in milliseconds. */
  private readonly durations = new WeakMap<StagedUpload, number>();

  constructor(replicas: readonly ArtifactStore[], { phases, signal }: StagedUploadsOptions) {
    this.replicas = replicas;
    this.phases = phases;
    this.signal = signal;
    this.either = AbortSignal.any([signal, this.stop.signal]);
  }

  /**
   * Starts the upload of an artifact. The caller keeps the source readable until `take` or `discard`.
   * Discards an earlier upload under this key.
   */
  begin(key: ArtifactKey, kind: ArtifactKind, source: ArtifactSource): void {
    for (const replica of this.replicas) {
      const uploads = this.uploads.get(replica.name) ?? new Map<ArtifactKey, Sent>();
      this.uploads.set(replica.name, uploads);
      const inTurn = async (
        others: readonly Sent[],
        former: Sent | undefined,
      ): Promise<StagedUpload | undefined> => {
        await Promise.all(others);
        await (await former)?.discard();
        return this.stageUpload(replica, key, kind, source);
      };
      uploads.set(
        key,
        inTurn([...uploads.values()], uploads.get(key)).catch(() => undefined),
      );
    }
  }

  /**
   * Returns the upload to the replica under this key once it is finished. The caller completes it.
   * `undefined` if there is none, or it failed.
   * @throws BackupError ABORTED, or the reason of the signal
   */
  async take(replica: ArtifactStore, key: ArtifactKey): Promise<StagedUpload | undefined> {
    const staged = await this.uploads.get(replica.name)?.get(key);
    throwIfAborted(this.signal);
    this.uploads.get(replica.name)?.delete(key);
    return staged;
  }

  /** Returns the duration of a finished upload in milliseconds. */
  durationOf(staged: StagedUpload): number {
    return this.durations.get(staged) ?? 0;
  }

  /** Stops running uploads and discards those that were not taken. */
  async discard(): Promise<void> {
    this.stop.abort();
    const left = [...this.uploads.values()].flatMap((uploads) => [...uploads.values()]);
    this.uploads.clear();
    // The next clean-up removes it.
    for (const staged of await Promise.all(left)) await staged?.discard().catch(() => undefined);
  }

  private async stageUpload(
    replica: ArtifactStore,
    key: ArtifactKey,
    kind: ArtifactKind,
    source: ArtifactSource,
  ): Promise<StagedUpload | undefined> {
    throwIfAborted(this.either);
    const { stagedUpload } = replica.capabilities;
    if (stagedUpload === undefined) return undefined;
    const of = {
      artifact: kind,
      tier: splitKey(key).tier,
      bytes: () => source.bytes,
      expected: { atMost: source.bytes },
      peer: `to ${replica.name}`,
    };
    const now = (): number => this.phases.clock.now().getTime();
    const began = now();
    const staged = await this.phases.measure(
      'staged-upload',
      (watch) => stagedUpload(key, watch.source(source), { signal: watch.until(this.either) }),
      { ...of, happened: (upload) => upload !== undefined },
    );
    if (staged !== undefined) this.durations.set(staged, now() - began);
    return staged;
  }
}
