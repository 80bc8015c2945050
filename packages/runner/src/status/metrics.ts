import { Gauge, Registry } from 'prom-client';
import {
  bytesOf,
  rowsOf,
  SET_STATES,
  TIERS,
  timestampToDate,
  type CheckOutcome,
  type RunOutcome,
} from '@geolens/backup-core';
import { isFresh, isWhole } from '@geolens/backup-core/internal';
import { recipientChecks } from './key-checks.ts';
import { newestChecked, replicationLag, type Status } from './status.ts';

const OUTCOMES: readonly RunOutcome[] = ['succeeded', 'with-errors', 'failed'];
/** Values of the label `verdict`. Alert rules of operators use them. */
const VERDICTS = {
  passed: 'proven',
  inconclusive: 'unproven',
  failed: 'bad',
  skipped: 'failed',
} as const satisfies Record<CheckOutcome, string>;

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/**
 * Returns the status in the text format of Prometheus. Times are Unix times in seconds, so that an age is
 * `time() - x`. Unknown values have no sample.
 */
export async function metricsText(status: Status): Promise<string> {
  const registry = new Registry();
  const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `geolens_backup_${name}`, help, labelNames, registers: [registry] });
  const value = (name: string, help: string, known: number | undefined): void => {
    const made = gauge(name, help);
    if (known !== undefined && Number.isFinite(known)) made.set(known);
    else made.remove();
  };
  const moment = (name: string, help: string, at: Date | string | undefined): void => {
    value(name, help, at === undefined ? undefined : new Date(at).getTime() / 1000);
  };
  const { health, journal, stores, now } = status;

  gauge('info', 'The version of geolens-backup and the database that it backs up', 'version', 'database').set(
    { version: status.version, database: status.database },
    1,
  );
  value('healthy', '1 while the last success is young enough', isFresh(health) ? 1 : 0);
  value('max_age_seconds', 'How old the last success may be', health.maxAgeMs / 1000);
  moment(
    'last_success_timestamp_seconds',
    'When the last run ended whose set is there',
    health.lastSuccessAt,
  );
  moment(
    'first_start_timestamp_seconds',
    'When serve was first started on this volume',
    journal.firstStartAt,
  );

  const { lastRun, lastRestoreTest, lastReplicaCheck } = journal;
  const result = gauge('last_run_result', '1 for what became of the last run', 'outcome');
  if (lastRun !== undefined)
    for (const outcome of OUTCOMES) result.set({ outcome }, lastRun.outcome === outcome ? 1 : 0);
  moment('last_run_timestamp_seconds', 'When the last run ended', lastRun?.finishedAt);
  const took = lastRun && new Date(lastRun.finishedAt).getTime() - new Date(lastRun.startedAt).getTime();
  value('last_run_duration_seconds', 'How long the last run took', took && Math.max(0, took / 1000));
  const ofPhase = ['phase', 'artifact', 'tier'] as const;
  const durations = gauge(
    'last_run_phase_duration_seconds',
    'How long each phase of the last run took',
    ...ofPhase,
  );
  const bytes = gauge(
    'last_run_phase_bytes',
    'How many bytes each phase of the last run wrote or read',
    ...ofPhase,
  );
  for (const { phase, artifact = '', tier = '', milliseconds, bytes: passed } of lastRun?.phases ?? []) {
    durations.inc({ phase, artifact, tier }, milliseconds / 1000);
    if (passed !== undefined) bytes.inc({ phase, artifact, tier }, passed);
  }

  const verdict = gauge(
    'last_drill_result',
    '1 for what became of the last scheduled restore test',
    'verdict',
  );
  if (lastRestoreTest !== undefined)
    for (const [outcome, one] of Object.entries(VERDICTS))
      verdict.set({ verdict: one }, lastRestoreTest.outcome === outcome ? 1 : 0);
  value(
    'restore_test_failed',
    '1 while the newest restore test, of a run or a schedule, failed and is not accepted',
    health.failedRestoreTest === undefined ? 0 : 1,
  );
  moment(
    'last_drill_timestamp_seconds',
    'When the last scheduled restore test ended',
    lastRestoreTest?.finishedAt,
  );

  const checked = gauge(
    'last_replica_check_result',
    '1 for how the last scheduled check of replicas ended',
    'outcome',
  );
  if (lastReplicaCheck !== undefined)
    for (const outcome of Object.keys(VERDICTS))
      checked.set({ outcome }, lastReplicaCheck.outcome === outcome ? 1 : 0);
  moment(
    'last_replica_check_timestamp_seconds',
    'When the last scheduled check of replicas ended',
    lastReplicaCheck?.finishedAt,
  );

  const up = gauge('store_up', '1 when the store could be looked at', 'store');
  const looked = gauge('store_looked_at_timestamp_seconds', 'When the store was last looked at', 'store');
  const sets = gauge('sets', 'How many sets a store has', 'store', 'tier', 'state');
  const size = gauge(
    'sets_bytes',
    'How many bytes the sets of a store have; hard links count once for each set',
    'store',
    'tier',
  );
  const behind = gauge('replication_lag_sets', 'How many sets of the volume a replica lacks', 'store');
  const since = gauge(
    'replication_lag_seconds',
    'Age of the oldest set of the volume that a replica lacks; 0 when it lacks none',
    'store',
  );
  for (const [index, store] of stores.entries()) {
    const of = { store: store.name };
    up.set(of, store.sets === undefined ? 0 : 1);
    looked.set(of, store.inspectedAt.getTime() / 1000);
    for (const tier of TIERS) {
      const ours = store.sets?.filter((set) => set.tier === tier);
      if (ours === undefined) break;
      for (const state of SET_STATES)
        sets.set({ ...of, tier, state }, ours.filter((set) => set.state === state).length);
      size.set(
        { ...of, tier },
        ours.reduce((sum, set) => sum + bytesOf(set), 0),
      );
    }
    const lag = index === 0 ? undefined : replicationLag(stores[0], store, status.database);
    if (lag === undefined) continue;
    behind.set(of, lag.sets);
    since.set(of, lag.since === undefined ? 0 : Math.max(0, (now.getTime() - lag.since.getTime()) / 1000));
  }

  const keyChecked = gauge(
    'key_checked_timestamp_seconds',
    'When the identity of a recipient last opened an encrypted set; 0 if it never did',
    'recipient',
  );
  for (const { recipient, checkedAt } of recipientChecks(status.encryption?.recipients ?? [], journal, now))
    keyChecked.set({ recipient }, (checkedAt?.getTime() ?? 0) / 1000);

  value('free_bytes', 'Free bytes on the volume of the sets', status.freeBytes);
  const newest = stores[0]?.sets?.find(isWhole);
  moment(
    'newest_set_timestamp_seconds',
    'The moment in the name of the newest set on the volume',
    newest && timestampToDate(newest.timestamp),
  );
  moment(
    'newest_verified_set_timestamp_seconds',
    'The moment in the name of the newest set, in any store, that was read from end to end',
    newestChecked(stores, 'content'),
  );
  moment(
    'newest_proven_set_timestamp_seconds',
    'The moment in the name of the newest set, in any store, that was restored to prove it',
    newestChecked(stores, 'restoreTest'),
  );
  const newestBytes = gauge(
    'newest_set_bytes',
    'Bytes of the newest set on the volume, by artifact',
    'artifact',
  );
  for (const artifact of newest?.artifacts ?? [])
    newestBytes.set({ artifact: artifact.kind }, artifact.bytes);
  value(
    'newest_set_suspicious',
    '1 while the newest set on the volume is suspicious',
    newest && Number(newest.state === 'suspicious'),
  );
  value('newest_set_rows', 'Rows in the dump of the newest set on the volume', rowsOf(newest?.manifest));
  moment('next_run_timestamp_seconds', 'When the next run is due', status.nextRunAt);
  moment('next_drill_timestamp_seconds', 'When the next restore test is due', status.nextRestoreTestAt);
  return registry.metrics();
}
