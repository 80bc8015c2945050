import type { Suspicion } from '../manifest/manifest.ts';
import type { RunTimestamp } from '../naming/timestamp.ts';
import { shrinkReasons } from '../shrink/shrink-reasons.ts';
import { suspicionText } from '../shrink/suspicion-text.ts';
import { lostStaging } from './lost-staging.ts';
import type { Measures } from './measures.ts';
import type { Phases } from './phases.ts';
import { produce } from './produce.ts';
import type { SentAhead } from '../replication/sent-ahead.ts';
import { publish, type Published } from './publish.ts';
import type { RunOptions, RunParts } from './run-parts.ts';

export interface MakeSetRequest {
  readonly timestamp: RunTimestamp;
  readonly startedAt: Date;
  readonly measures: Measures;
  readonly phases: Phases;
  readonly ahead?: SentAhead | undefined;
  readonly signal: AbortSignal;
}

/**
 * Produces, verifies, judges and publishes one set. One that is much smaller than those before it is
 * published too, as suspicious: it is as good a copy as any, but perhaps of a database that lost its data.
 * When it fails, nothing is left.
 */
export async function makeSet(
  parts: RunParts,
  { verify = 'readable', toolVersion, shrinkThreshold }: RunOptions,
  request: MakeSetRequest,
): Promise<Published> {
  const { timestamp, startedAt, measures, phases, ahead, signal } = request;
  const { former, yardsticks } = measures;
  const { database } = parts.producer;
  const produced = await produce(parts, { timestamp, verify, phases, former, ahead, signal });
  if (produced.artifacts.some(({ entry }) => entry.tableCount === 0)) {
    phases.warn(`the database ${database} has no tables: is this the right server and database?`);
  }
  const lost = lostStaging(former, produced);
  if (lost !== undefined) phases.warn(lost);
  const reasons = shrinkReasons(
    produced.artifacts.map(({ entry }) => entry),
    yardsticks.former,
    shrinkThreshold,
  );
  const suspicion: Suspicion | undefined =
    reasons.length === 0 ? undefined : { reasons, at: parts.clock.now().toISOString() };
  const description = {
    timestamp,
    database,
    toolVersion,
    verified: verify,
    startedAt,
    finishedAt: parts.clock.now(),
    suspicion,
    acceptedSince: yardsticks.acceptedSince,
    warnings: [...phases.warnings],
  };
  const published = await phases.measure('publish', () =>
    publish(parts.primary, produced, description, { signal }),
  );
  if (suspicion !== undefined) phases.warn(suspicionText(timestamp, suspicion.reasons));
  return published;
}
