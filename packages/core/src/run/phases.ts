import type { ArtifactKind } from '../naming/artifact-name.ts';
import type { Tier } from '../naming/tier.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';
import type { Clock } from '../ports/clock.ts';

/** The phases of a run, in their order. `produce` and `verify` are passed once for each artifact, side by side,
 * `replicate` once for each artifact that was copied to another store. */
export type PhaseName = 'sweep' | 'snapshot' | 'produce' | 'count' | 'verify' | 'publish' | 'prove' | 'promote' | 'replicate' | 'retain';

/** A phase that ended well. */
export interface PhaseReport {
  readonly phase: PhaseName;
  readonly artifact?: ArtifactKind | undefined;
  /** Of `replicate`: the tier of the artifact. */
  readonly tier?: Tier | undefined;
  readonly milliseconds: number;
  /** Bytes written or read, where the phase does such a thing. */
  readonly bytes?: number | undefined;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | { readonly event: 'run.started'; readonly timestamp: RunTimestamp; readonly database: string }
  | ({ readonly event: 'phase.finished' } & PhaseReport)
  | { readonly event: 'run.warning'; readonly message: string };

/** Listens to a run. What it throws is ignored: a listener’s failure is not the run’s. */
export type RunObserver = (event: RunEvent) => void;

/** Keeps the times and the warnings of one run, and tells the observer. */
export class Phases {
  readonly reports: PhaseReport[] = [];
  readonly warnings: string[] = [];
  private readonly clock: Clock;
  private readonly observer: RunObserver;

  constructor(clock: Clock, observer: RunObserver = () => undefined) {
    this.clock = clock;
    this.observer = observer;
  }

  tell(event: RunEvent): void {
    try {
      this.observer(event);
    } catch {
      // See RunObserver.
    }
  }

  /** Does the work of a phase and takes its time. */
  async measure<T>(phase: PhaseName, work: () => Promise<T>, of: { artifact?: ArtifactKind; tier?: Tier; bytes?: (result: T) => number } = {}): Promise<T> {
    const began = this.clock.now().getTime();
    const result = await work();
    const report: PhaseReport = {
      phase,
      ...(of.artifact !== undefined && { artifact: of.artifact }),
      ...(of.tier !== undefined && { tier: of.tier }),
      milliseconds: Math.max(0, this.clock.now().getTime() - began),
      ...(of.bytes !== undefined && { bytes: of.bytes(result) }),
    };
    this.reports.push(report);
    this.tell({ event: 'phase.finished', ...report });
    return result;
  }

  warn(message: string): void {
    this.warnings.push(message);
    this.tell({ event: 'run.warning', message });
  }
}
