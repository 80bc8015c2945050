import { throwIfAborted } from '../errors.ts';
import { splitKey, type ArtifactKey } from '../naming/artifact-key.ts';
import type { ArtifactKind } from '../naming/artifact-name.ts';
import type { ArtifactSource, ArtifactStore, SentArtifact } from '../ports/artifact-store.ts';
import type { Phases } from '../run/phases.ts';

export interface SentAheadOptions {
  readonly phases: Phases;
  readonly signal: AbortSignal;
}

/** What came of a sending: undefined when there is nothing to complete. Never rejects. */
type Sent = Promise<SentArtifact | undefined>;

type Sends = Map<ArtifactKey, Sent>;

/**
 * What goes to the replicas while its set is still being made, and gets no name there before the set has all
 * of its own here.
 *
 * One artifact after the other goes to each replica, so that two take no more memory than one. Nobody waits
 * for them but `take`: a slow line keeps no set from being published. One that fails is no failure of the
 * run: it is put when its time comes, and that may fail.
 */
export class SentAhead {
  private readonly replicas: readonly ArtifactStore[];
  private readonly phases: Phases;
  private readonly signal: AbortSignal;
  private readonly either: AbortSignal;
  private readonly stop = new AbortController();
  private readonly sends = new Map<ArtifactStore, Sends>();

  constructor(replicas: readonly ArtifactStore[], { phases, signal }: SentAheadOptions) {
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
      const sends = this.sends.get(replica) ?? new Map<ArtifactKey, Sent>();
      this.sends.set(replica, sends);
      const inTurn = async (
        others: readonly Sent[],
        former: Sent | undefined,
      ): Promise<SentArtifact | undefined> => {
        await Promise.all(others);
        await (await former)?.discard();
        return this.send(replica, key, kind, source);
      };
      sends.set(
        key,
        inTurn([...sends.values()], sends.get(key)).catch(() => undefined),
      );
    }
  }

  /**
   * What was sent to the replica under this key, once it is there; whoever takes it completes it. Undefined
   * when nothing was, or it failed.
   * @throws BackupError ABORTED, or the reason of the signal
   */
  async take(replica: ArtifactStore, key: ArtifactKey): Promise<SentArtifact | undefined> {
    const sent = await this.sends.get(replica)?.get(key);
    throwIfAborted(this.signal);
    this.sends.get(replica)?.delete(key);
    return sent;
  }

  /** Stops what is under way and throws away what nobody took. */
  async discard(): Promise<void> {
    this.stop.abort();
    const left = [...this.sends.values()].flatMap((sends) => [...sends.values()]);
    this.sends.clear();
    for (const sent of await Promise.all(left)) await sent?.discard().catch(() => undefined); // left to the next sweep
  }

  private async send(
    replica: ArtifactStore,
    key: ArtifactKey,
    kind: ArtifactKind,
    source: ArtifactSource,
  ): Promise<SentArtifact | undefined> {
    throwIfAborted(this.either);
    if (replica.send === undefined) return undefined;
    const of = {
      artifact: kind,
      tier: splitKey(key).tier,
      bytes: () => source.bytes,
      expected: { atMost: source.bytes },
    };
    return this.phases.measure(
      'send',
      async (watch) => replica.send?.(key, watch.source(source), { signal: this.either }),
      { ...of, happened: (sent) => sent !== undefined },
    );
  }
}
