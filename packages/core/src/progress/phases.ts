import type { ArtifactKind } from '../model/artifact-name.ts';
import type { Tier } from '../model/tier.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import type { PhaseId, PhaseName, PhaseReport } from '../model/run-phase.ts';
import type { Clock } from '../ports/clock.ts';
import { PhaseWatch } from './phase-watch.ts';

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

  /** @param redact takes secrets out of warnings */
  constructor(
    clock: Clock,
    observer: RunObserver = () => undefined,
    redact: (text: string) => string = (text) => text,
  ) {
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

  /** Does the work of a phase and takes its time. */
  async measure<T>(
    phase: PhaseName,
    work: (watch: PhaseWatch) => Promise<T>,
    of: PhaseSubject<T> = {},
  ): Promise<T> {
    const began = this.clock.now().getTime();
    const { artifact, tier, expected } = of;
    const watch = new PhaseWatch((bytes) => {
      this.emit({
        event: 'phase.progress',
        phase,
        artifact,
        tier,
        bytes: Math.min(bytes, expected?.atMost ?? bytes),
        expected: expected?.atMost ?? expected?.about,
      });
    });
    const result = await work(watch).catch((error: unknown) => {
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

  warn(text: string): void {
    const message = this.redact(text);
    this.warnings.push(message);
    this.emit({ event: 'run.warning', message });
  }
}
