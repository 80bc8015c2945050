import { setTimeout } from 'node:timers/promises';
import { DATABASE_SIZE } from '../connection/server-activity.ts';
import type { RestoreJob, SessionParts } from './session-parts.ts';

/** Interval of measurements in milliseconds: for each one, the server inspects all files of the database. */
const EVERY_MS = 1_000;

/** Returns a function that reports one more finished table to the observer. */
export function tableProgress(observer: SessionParts['observer'], step: string, total: number): () => void {
  let done = 0;
  return () => observer?.({ event: 'progress', step, done: (done += 1), total, unit: 'tables' });
}

/**
 * Fills a new database, and reports its growing size instead of the progress by entries: a table or an index
 * is one entry whatever its size. The size of the source, if known, is the estimated total.
 */
export async function reportSize<T>(
  job: RestoreJob,
  database: string,
  fill: (job: RestoreJob) => Promise<T>,
): Promise<T> {
  const { server, observer, input } = job;
  const total = input.manifest?.databaseBytes;
  if (observer === undefined || total === undefined) return fill(job);
  const ended = new AbortController();
  const report = async (): Promise<void> => {
    for (;;) {
      const [size] = await server.values('measuring the database', DATABASE_SIZE, [database]);
      const progress = { event: 'progress', step: 'restore', unit: 'bytes', isEstimate: true } as const;
      if (ended.signal.aborted || size === undefined) return;
      observer({ ...progress, done: Number(size), total });
      await setTimeout(EVERY_MS, undefined, { signal: ended.signal });
    }
  };
  const reporting = report().catch(() => undefined);
  try {
    return await fill({ ...job, observer: undefined });
  } finally {
    ended.abort();
    await reporting;
  }
}
