import { throwIfAborted } from '../base/errors.ts';
import { splitKey, type ArtifactKey } from '../model/artifact-key.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { ArtifactSource, ArtifactStore, StagedUpload } from '../ports/artifact-store.ts';
import type { Phases } from '../progress/phases.ts';

export interface StagedUploadsOptions {
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** What came of a sending: undefined when there is nothing to complete. Never rejects. */
type Sent = Promise<StagedUpload | undefined>;

type Sends = Map<ArtifactKey, Sent>;

/**
 * What goes to the replicas while its set is still being made, and gets no name there before the set has all
 * of its own here.
 *
 * One artifact after the other goes to each replica, so that two take no more memory than one. Nobody waits
 * for them but `take`: a slow line keeps no set from being published. One that fails is no failure of the
 * run: it is put when its time comes, and that may fail.
 */
export class StagedUploads {
  private readonly replicas: readonly ArtifactStore[];
  private readonly phases: Phases;
  private readonly signal: AbortSignal;
  private readonly either: AbortSignal;
  private readonly stop = new AbortController();
  private readonly uploads = new Map<ArtifactStore, Sends>();

  constructor(replicas: readonly ArtifactStore[], { phases, signal }: StagedUploadsOptions) {
    this.replicas = replicas;
    this.phases = phases;
    this.signal = signal;
    this.either = AbortSignal.any([signal, this.stop.signal]);
  }

  /**
   * Begins to send an artifact, which has to be readable until it was taken or discarded. What was sent under
   * this key before is thrown away.
   */
  begin(key: ArtifactKey, kind: ArtifactKind, source: ArtifactSource): void {
    for (const replica of this.replicas) {
      const uploads = this.uploads.get(replica) ?? new Map<ArtifactKey, Sent>();
      this.uploads.set(replica, uploads);
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
   * What was sent to the replica under this key, once it is there; whoever takes it completes it. Undefined
   * when nothing was, or it failed.
   * @throws BackupError ABORTED, or the reason of the signal
   */
  async take(replica: ArtifactStore, key: ArtifactKey): Promise<StagedUpload | undefined> {
    const staged = await this.uploads.get(replica)?.get(key);
    throwIfAborted(this.signal);
    this.uploads.get(replica)?.delete(key);
    return staged;
  }

  /** Stops what is under way and throws away what nobody took. */
  async discard(): Promise<void> {
    this.stop.abort();
    const left = [...this.uploads.values()].flatMap((uploads) => [...uploads.values()]);
    this.uploads.clear();
    for (const staged of await Promise.all(left)) await staged?.discard().catch(() => undefined); // left to the next clean-up
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
    return this.phases.measure(
      'staged-upload',
      (watch) => stagedUpload(key, watch.source(source), { signal: watch.until(this.either) }),
      { ...of, happened: (staged) => staged !== undefined },
    );
  }
}
