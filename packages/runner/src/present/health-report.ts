import type { Health } from '@geolens/backup-core';
import { durationText, roughDurationText } from './units.ts';

/** One line, which the engine keeps as the outcome of its check. */
export function healthText({
  healthy,
  lastSuccessAt,
  ageMs,
  maxAgeMs,
  lastFailure,
  problem,
}: Health): string {
  const most = `at most ${durationText(maxAgeMs)}`;
  const success = lastSuccessAt === undefined ? 'no set yet' : `last success ${lastSuccessAt.toISOString()}`;
  const age =
    ageMs === undefined
      ? ''
      : `, ${lastSuccessAt === undefined ? 'started ' : ''}${roughDurationText(ageMs)} ago (${most})`;
  const failure =
    lastFailure === undefined
      ? ''
      : `; the last run failed at ${lastFailure.at.toISOString()}${lastFailure.error === undefined ? '' : `: ${lastFailure.error}`}`;
  return healthy
    ? `healthy: ${success}${age}${failure}\n`
    : `unhealthy: ${problem ?? ''}: ${success}${age}${failure}\n`;
}

export function healthJson({
  healthy,
  lastSuccessAt,
  ageMs,
  maxAgeMs,
  lastFailure,
  failedRestoreTest: failed,
  problem,
}: Health): object {
  return {
    healthy,
    lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
    ageSeconds: ageMs === undefined ? null : Math.floor(ageMs / 1000),
    maxAgeSeconds: maxAgeMs / 1000,
    lastFailure:
      lastFailure === undefined
        ? null
        : { at: lastFailure.at.toISOString(), error: lastFailure.error ?? null },
    ...(failed !== undefined && {
      failedRestoreTest: {
        timestamp: failed.timestamp,
        at: failed.result.at,
        reason: failed.result.reason ?? null,
      },
    }),
    problem: problem ?? null,
  };
}
