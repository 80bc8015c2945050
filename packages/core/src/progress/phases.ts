import type { ArtifactKind } from '../model/artifact-name.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { PhaseId, PhaseName, PhaseReport } from '../model/run-phase.ts';
import type { Clock } from '../ports/clock.ts';
import { PhaseWatch } from './phase-watch.ts';
import { Stall, type StallLimit, type StallOptions } from './stall.ts';

/** How far a phase is that takes its time. */
export interface PhaseProgress extends PhaseId {
  /** Bytes so far. */
  readonly bytes: number;
  /** How many there will be, as far as is known: of `produce`, as many as in the former set. */
  readonly expected?: number | undefined;
}

/** What a run tells while it goes on. */
export type RunEvent =
  | { readonly event: 'run.started'; readonly timestamp: RunTimestamp; readonly database: string }
  | ({ readonly event: 'phase.finished' } & PhaseReport)
  | ({ readonly event: 'phase.progress' } & PhaseProgress)
  /** Why, the report of the run tells. */
  | ({ readonly event: 'phase.failed' } & PhaseId)
  | { readonly event: 'run.warning'; readonly message: string };

/** Listens to a run. What it throws is ignored: a listener’s failure is not the run’s. */
export type RunObserver = (event: RunEvent) => void;

/** What a phase is about. */
export interface PhaseSubject<T> {
  readonly artifact?: ArtifactKind;
  readonly tier?: Tier;
  readonly bytes?: (result: T) => number;
  /** The other side, for messages: `from db:5432`. */
  readonly peer?: string | undefined;
  /** Whether the other side works in silence; see StallOptions. */
  readonly working?: StallOptions['working'];
  /** Whether something was done at all: what was not is no phase. Always when absent. */
  readonly happened?: (result: T) => boolean;
  /** How many bytes will pass the watch: exactly, unless some are read twice, or by a guess. */
  readonly expected?:
    | { readonly atMost: number; readonly about?: undefined }
    | { readonly about: number | undefined; readonly atMost?: undefined };
}

/** Keeps the times and the warnings of one run, and tells the observer. */
export class Phases {
  readonly reports: PhaseReport[] = [];
  readonly warnings: string[] = [];
  private readonly clock: Clock;
  private readonly observer: RunObserver;
  private readonly redact: (text: string) => string;
  private readonly limit: StallLimit | undefined;

  /**
   * @param redact takes secrets out of warnings
   * @param limit how long a phase of bytes may move none; without end when absent
   */
  constructor(
    clock: Clock,
    observer: RunObserver = () => undefined,
    redact: (text: string) => string = (text) => text,
    limit?: StallLimit,
  ) {
    this.limit = limit;
    this.clock = clock;
    this.observer = observer;
    this.redact = redact;
  }

  emit(event: RunEvent): void {
    try {
      this.observer(event);
    } catch {
      // See RunObserver.
    }
  }

  /**
   * Does the work of a phase and takes its time. A phase of bytes that moves none for too long fails with
   * STALLED; its work has to end by the signal of the watch.
   */
  async measure<T>(
    phase: PhaseName,
    work: (watch: PhaseWatch) => Promise<T>,
    of: PhaseSubject<T> = {},
  ): Promise<T> {
    const began = this.clock.now().getTime();
    const { artifact, tier, expected } = of;
    const stall = this.stallOf(phase, of);
    const watch = new PhaseWatch((bytes) => {
      this.emit({
        event: 'phase.progress',
        phase,
        artifact,
        tier,
        bytes: Math.min(bytes, expected?.atMost ?? bytes),
        expected: expected?.atMost ?? expected?.about,
      });
    }, stall);
    const result = await (stall?.during(() => work(watch)) ?? work(watch)).catch((error: unknown) => {
      this.emit({ event: 'phase.failed', phase, artifact, tier });
      throw error;
    });
    if (of.happened?.(result) === false) return result;
    const report: PhaseReport = {
      phase,
      ...(of.artifact !== undefined && { artifact: of.artifact }),
      ...(of.tier !== undefined && { tier: of.tier }),
      milliseconds: Math.max(0, this.clock.now().getTime() - began),
      ...(of.bytes !== undefined && { bytes: of.bytes(result) }),
    };
    this.reports.push(report);
    this.emit({ event: 'phase.finished', ...report });
    return result;
  }

  private stallOf<T>(
    phase: PhaseName,
    { artifact, bytes, peer, working }: PhaseSubject<T>,
  ): Stall | undefined {
    if (this.limit === undefined || bytes === undefined) return undefined;
    const of = artifact === undefined ? '' : ` of the ${artifact}`;
    return new Stall(this.limit, {
      what: `phase ${phase}${of}${peer === undefined ? '' : ` ${peer}`}`,
      working,
    });
  }

  warn(text: string): void {
    const message = this.redact(text);
    this.warnings.push(message);
    this.emit({ event: 'run.warning', message });
  }
}
