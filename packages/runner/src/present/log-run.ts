import type { PhaseId, PhaseProgress, PhaseReport, RunObserver, RunReport } from '@geolens/backup-core';
import { outcomeFields, outcomeText } from './run-report.ts';
import type { Terminal } from '../io.ts';
import { bytesText, countText, durationText, rateText } from './units.ts';
import { logCleanedUp, logError, type Logger } from './logger.ts';
import { bar, REPORT_EVERY_MS, showFirstFitting } from './progress-line.ts';

/** Returns an observer that logs a run and shows its progress on one line of the terminal. */
export function logRun(log: Logger, terminal?: Terminal): RunObserver {
  const phases = new PhaseLog(log, terminal);
  return (event) => {
    switch (event.event) {
      case 'run.started':
        log.info(event.event, `run ${event.timestamp} of database ${event.database} begins`, {
          timestamp: event.timestamp,
          database: event.database,
        });
        break;
      case 'phase.started':
        break;
      case 'phase.finished':
        phases.finished(event);
        break;
      case 'phase.progress':
        phases.progressed(event);
        break;
      case 'phase.failed':
        phases.failed(event);
        break;
      case 'run.warning':
        log.warn(event.event, event.message);
        break;
    }
  };
}

/** Logs the end of a run: what was cleaned up and removed, errors, and the outcome. */
export function logReport(log: Logger, report: RunReport): void {
  logCleanedUp(log, report.cleanedUp);
  if (report.removed.length > 0)
    log.info('run.pruned', `retention removed ${report.removed.join(', ')}`, { removed: report.removed });
  for (const { store, copied, missing } of report.replication) {
    const sent = copied.filter(({ bytes }) => bytes > 0); // only the state of the others is new
    for (const [timestamp, tiers] of Map.groupBy(sent, (set) => set.timestamp))
      logCopied(log, store, timestamp, tiers);
    const left = missing === undefined ? '' : `, ${missing} still to be copied`;
    log.info('run.replicated', `${store}: ${countText(copied.length, 'set')} copied${left}`, {
      store,
      copied: copied.length,
      missing,
    });
  }
  for (const error of report.errors) logError(log, 'run.error', error);
  const level =
    report.outcome === 'failed'
      ? 'error'
      : report.outcome === 'succeeded' && report.suspicion === undefined
        ? 'info'
        : 'warn';
  log[level]('run.finished', outcomeText(report), outcomeFields(report));
}

/** Logs one line for a copied set in all its tiers. These have the same content. */
function logCopied(
  log: Logger,
  store: string,
  timestamp: string,
  copied: RunReport['replication'][number]['copied'],
): void {
  const tiers = copied.map(({ tier }) => tier);
  const bytes = Math.max(...copied.map((set) => set.bytes));
  const milliseconds = copied.reduce((sum, set) => sum + set.milliseconds, 0);
  log.info(
    'run.copied',
    `${store}: set ${timestamp} (${tiers.join(', ')}) copied, ${bytesText(bytes)} in ${durationText(milliseconds)}, ${rateText(bytes, milliseconds)}`,
    { store, timestamp, tiers, bytes, milliseconds },
  );
}

/** Narrow, because several phases share one line of the terminal. */
const BAR_WIDTH = 12;

/** As often as an eye can follow. A slow connection cannot show more. */
const SHOW_EVERY_MS = 100;

interface Going {
  readonly began: number;
  reported: number;
  progress: PhaseProgress;
}

/**
 * Logs each phase at its end, and at intervals while it runs. Shows the running phases on one line of the
 * terminal.
 */
export class PhaseLog {
  private readonly log: Logger;
  private readonly terminal: Terminal | undefined;
  private readonly now: () => number;
  private shown = -Infinity;
  private readonly going = new Map<string, Going>();

  /** @param now monotonic clock, in milliseconds */
  constructor(log: Logger, terminal: Terminal | undefined, now: () => number = () => performance.now()) {
    this.log = log;
    this.terminal = terminal;
    this.now = now;
  }

  progressed(progress: PhaseProgress): void {
    const now = this.now();
    const going = this.going.get(nameOf(progress)) ?? { began: now, reported: now, progress };
    going.progress = progress;
    this.going.set(nameOf(progress), going);
    if (now - this.shown >= SHOW_EVERY_MS) this.show();
    if (now - going.reported < REPORT_EVERY_MS) return;
    going.reported = now;
    const { phase, tier, artifact, bytes, expected } = progress;
    this.log.info(
      'phase.progress',
      `${nameOf(progress)}: ${farText(progress)}, ${rateText(bytes, now - going.began)}`,
      { phase, tier, artifact, bytes, expected },
    );
  }

  finished(report: PhaseReport): void {
    this.going.delete(nameOf(report));
    this.show();
    const { phase, tier, artifact, milliseconds, bytes } = report;
    const size = bytes === undefined ? '' : `, ${bytesText(bytes)}, ${rateText(bytes, milliseconds)}`;
    // A copied set has a line of its own.
    const level = phase === 'replicate' || phase === 'staged-upload' ? 'debug' : 'info';
    this.log[level]('phase.finished', `${nameOf(report)}: ${durationText(milliseconds)}${size}`, {
      phase,
      tier,
      artifact,
      milliseconds,
      bytes,
    });
  }

  failed(phase: PhaseId): void {
    this.going.delete(nameOf(phase));
    this.show();
  }

  private show(): void {
    this.shown = this.now();
    const going = [...this.going.values()].map(({ progress }) => progress);
    showFirstFitting(
      this.terminal,
      LAYOUTS.map((layout) => going.map(layout).join('  ')),
    );
  }
}

/** Texts of a phase on the terminal, the widest first. */
const LAYOUTS: readonly ((progress: PhaseProgress) => string)[] = [
  (progress) => `${nameOf(progress)} ${barText(progress)}${farText(progress)}`,
  (progress) => `${nameOf(progress)} ${farText(progress)}`,
  (progress) => `${nameOf(progress)} ${barText(progress)}${shortText(progress)}`,
  (progress) => `${nameOf(progress)} ${shortText(progress)}`,
];

/** Returns phase, tier and artifact: `produce dump`. */
export function nameOf({ phase, tier, artifact }: PhaseId): string {
  return [phase, tier, artifact].filter(Boolean).join(' ');
}

/**
 * Returns the progress in percent. `undefined` if the size is unknown. While an artifact is produced, its
 * size is an estimate, so the result stays below 100, and is `undefined` once the estimate is passed.
 */
export function percentOf({ phase, bytes, expected }: PhaseProgress): number | undefined {
  if (expected === undefined || expected === 0) return undefined;
  if (phase === 'produce' && bytes > expected) return undefined;
  return Math.min(phase === 'produce' ? 99 : 100, Math.floor((100 * bytes) / expected));
}

function barText(progress: PhaseProgress): string {
  const percent = percentOf(progress);
  return percent === undefined ? '' : `${bar(percent, BAR_WIDTH)} `;
}

function shortText(progress: PhaseProgress): string {
  const percent = percentOf(progress);
  return percent === undefined ? bytesText(progress.bytes) : `${percent} %`;
}

function farText(progress: PhaseProgress): string {
  const { phase, bytes, expected } = progress;
  const percent = percentOf(progress);
  if (percent === undefined || expected === undefined) return bytesText(bytes);
  const guess = phase === 'produce' ? 'about ' : '';
  return `${bytesText(bytes)} of ${guess}${bytesText(expected)}, ${percent} %`;
}
