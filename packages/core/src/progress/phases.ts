import type { ArtifactKind } from '../model/artifact-name.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { PhaseId, PhaseName, PhaseReport } from '../model/run-phase.ts';
import type { Clock } from '../ports/clock.ts';
import { PhaseWatch } from './phase-watch.ts';
import { Stall, type StallLimit, type StallOptions } from './stall.ts';

/** Progress of a long phase. */
export interface PhaseProgress extends PhaseId {
  /** Bytes so far. */
  readonly bytes: number;
  /** Expected total of bytes, if known. For `produce`, the length in the previous set. */
  readonly expected?: number | undefined;
}

/** Event of a run. */
export type RunEvent =
  | { readonly event: 'run.started'; readonly timestamp: RunTimestamp; readonly database: string }
  | ({ readonly event: 'phase.started' } & PhaseId)
  | ({ readonly event: 'phase.finished' } & PhaseReport)
  | ({ readonly event: 'phase.progress' } & PhaseProgress)
  /** The report of the run has the error. */
  | ({ readonly event: 'phase.failed' } & PhaseId)
  | { readonly event: 'run.warning'; readonly message: string };

/** Observes a run. Errors that it throws are ignored and do not fail the run. */
export type RunObserver = (event: RunEvent) => void;

/** Properties of a phase. */
export interface PhaseSubject<T> {
  readonly artifact?: ArtifactKind;
  readonly tier?: Tier;
  readonly bytes?: (result: T) => number;
  /** The other side, for messages: `from db:5432`. */
  readonly peer?: string | undefined;
  /** Whether the other side works while it sends nothing; see `StallOptions`. */
  readonly working?: StallOptions['working'];
  /** Whether the phase did anything. Otherwise it is not reported. Defaults to always. */
  readonly happened?: (result: T) => boolean;
  /** Expected number of bytes: `atMost` is exact unless bytes are read repeatedly, `about` is an estimate. */
  readonly expected?:
    | { readonly atMost: number; readonly about?: undefined }
    | { readonly about: number | undefined; readonly atMost?: undefined };
}

/** Collects the phases and warnings of one run and sends events to the observer. */
export class Phases {
  readonly reports: PhaseReport[] = [];
  readonly warnings: string[] = [];
  readonly clock: Clock;
  private readonly observer: RunObserver;
  private readonly redact: (text: string) => string;
  private readonly limit: StallLimit | undefined;

  /**
   * @param redact removes secrets from warnings
   * @param limit maximum time without progress of a phase that transfers bytes; defaults to no limit
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
      // See `RunObserver`.
    }
  }

  /**
   * Runs and times a phase. A phase that transfers bytes fails with STALLED after too long without progress.
   * Its work has to end when the signal of the watch fires.
   */
  async measure<T>(
    phase: PhaseName,
    work: (watch: PhaseWatch) => Promise<T>,
    of: PhaseSubject<T> = {},
  ): Promise<T> {
    const began = this.clock.now().getTime();
    const { artifact, tier, expected } = of;
    this.emit({ event: 'phase.started', phase, artifact, tier });
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
