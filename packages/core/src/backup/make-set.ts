import type { Suspicion } from '../model/manifest.ts';
import type { RunTimestamp } from '../model/timestamp.ts';
import { sizeAnomalies } from './size-anomalies.ts';
import { lostStaging } from './lost-staging.ts';
import type { Baseline } from './find-baseline.ts';
import type { Phases } from '../progress/phases.ts';
import { produce } from './produce.ts';
import type { StagedUploads } from '../replicate/staged-uploads.ts';
import { publish, type Published } from './publish.ts';
import type { RunOptions, RunParts } from './run-parts.ts';

export interface MakeSetRequest {
  readonly timestamp: RunTimestamp;
  readonly startedAt: Date;
  readonly baseline: Baseline;
  readonly phases: Phases;
  readonly stagedUploads?: StagedUploads | undefined;
  readonly signal: AbortSignal;
}

/**
 * Produces, verifies, judges and publishes one set. One that is much smaller than those before it is
 * published too, as suspicious: it is as good a copy as any, but perhaps of a database that lost its data.
 * When it fails, nothing is left.
 */
export async function makeSet(
  parts: RunParts,
  { verify = 'readable', toolVersion, sizeAnomalyThreshold }: RunOptions,
  request: MakeSetRequest,
): Promise<Published> {
  const { timestamp, startedAt, baseline, phases, stagedUploads, signal } = request;
  const { former, sizeBaseline } = baseline;
  const { database } = parts.producer;
  const produced = await produce(parts, { timestamp, verify, phases, former, stagedUploads, signal });
  if (produced.artifacts.some(({ entry }) => entry.tableCount === 0)) {
    phases.warn(`the database ${database} has no tables: is this the right server and database?`);
  }
  const lost = lostStaging(former, produced);
  if (lost !== undefined) phases.warn(lost);
  const reasons = sizeAnomalies(
    produced.artifacts.map(({ entry }) => entry),
    sizeBaseline.former,
    sizeAnomalyThreshold,
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
    acceptedSince: sizeBaseline.acceptedSince,
    warnings: [...phases.warnings],
  };
  return phases.measure('publish', () => publish(parts.primary, produced, description, { signal }));
}
