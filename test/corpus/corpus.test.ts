import { appendFileSync } from 'node:fs';
import { afterAll, describe, expect, inject, it } from 'vitest';
import type { Cluster } from '../support/cluster.ts';
import { startCluster } from '../support/postgres-cluster.ts';
import { PRIMARY_SETTINGS, standbyOf } from '../support/standby.ts';
import { attempt, type Place } from './attempt.ts';
import {
  allExtensions,
  eachSetting,
  encodings,
  extension,
  hostileSettings,
  lostObjects,
  manyTables,
  objectKinds,
  onStandby,
  plainOwner,
  type CorpusCase,
  type CorpusServer,
} from './cases.ts';
import { ensureExtensionPrograms } from './extension-packages.ts';
import { faultsOf } from './page.ts';
import { PLAN_VARIABLE, type CorpusPlan } from './plan.ts';

const SETTINGS = { ...PRIMARY_SETTINGS, max_locks_per_transaction: '256' };

/**
 * Extensions that want to be loaded with the server, and accept each other. Not pglogical,
 * pg_wait_sampling and pgautofailover: DROP DATABASE waits for their workers without end.
 */
const PRELOADED =
  'pg_stat_statements,pg_cron,pg_qualstats,pg_stat_kcache,pgaudit,pgauditlogtofile,set_user,repmgr,pgl_ddl_deploy,pgextwlist';

const plan: CorpusPlan | undefined =
  process.env[PLAN_VARIABLE] === undefined
    ? undefined
    : (JSON.parse(process.env[PLAN_VARIABLE]) as CorpusPlan);
const started = new Map<string, Promise<Cluster>>();
const servers: readonly CorpusServer[] = inject('clusters').map(({ major, binDir }) => ({
  title: `PostgreSQL ${major}`,
  binDir,
  settings: SETTINGS,
}));

const cases = (plan === undefined ? shortForm(servers[0]!) : await longForm()).filter(({ name, group }) =>
  `${group}: ${name}`.includes(plan?.part ?? ''),
);

afterAll(async () => {
  for (const cluster of started.values()) await (await cluster).stop();
});

describe('what pg_dump dumps is backed up', () => {
  it.each(
    cases.map((subject) => [`${subject.server.title}, ${subject.group}: ${subject.name}`, subject] as const),
  )('%s', { timeout: 20 * 60_000 }, async (_, subject) => {
    const primary = await serverOf(subject.server);
    const restores = plan !== undefined || subject.group === 'objects';
    const row = await attempt(subject, placeOf(subject.server, primary), { restores });
    if (subject.undo !== undefined) await primary.psql('postgres', subject.undo);
    if (subject.server.keepsDatabases !== true)
      await primary.dropDatabase(subject.database ?? 'corpus').catch(() => undefined);
    if (plan !== undefined) appendFileSync(plan.report, `${JSON.stringify(row)}\n`);
    if (row.plain?.ok !== true) return;
    expect(row).toMatchObject({ run: { ok: true }, verify: { ok: true }, counted: row.rows });
    expect(faultsOf(row)).toEqual([]);
  });
});

function serverOf(server: CorpusServer): Promise<Cluster> {
  const { title, binDir, settings = {} } = server;
  const cluster = started.get(title) ?? startCluster({ binDir, settings });
  started.set(title, cluster);
  return cluster;
}

function placeOf({ standby }: CorpusServer, primary: Cluster): Place {
  return { primary, source: () => (standby ? standbyOf(primary) : Promise.resolve(primary)) };
}

function shortForm(server: CorpusServer): readonly CorpusCase[] {
  return [
    objectKinds(server),
    plainOwner(server),
    ...encodings(server).slice(0, 3),
    manyTables(server, 500),
    allExtensions(server),
    ...hostileSettings(server).slice(0, 1),
  ];
}

async function longForm(): Promise<readonly CorpusCase[]> {
  const common = servers.flatMap((server) => [
    objectKinds(server),
    ...lostObjects(server),
    plainOwner(server),
    ...encodings(server),
    manyTables(server, 500),
    manyTables(server, 10_000),
    onStandby(server),
    allExtensions(server),
    ...hostileSettings(server),
  ]);
  const newest = servers.at(-1)!;
  return [...common, ...eachSetting(newest), extension(newest, 'vector', ''), ...(await extensionCases())];
}

async function extensionCases(): Promise<readonly CorpusCase[]> {
  const programs = await ensureExtensionPrograms();
  if ('unavailable' in programs) {
    appendFileSync(
      plan!.report,
      `${JSON.stringify({ group: 'extensions', name: 'of Debian', server: 'PostgreSQL 15', ...programs })}\n`,
    );
    return [];
  }
  const server = {
    title: 'PostgreSQL 15 with extensions',
    binDir: programs.binDir,
    // One of these extensions keeps DROP DATABASE waiting.
    keepsDatabases: true as const,
    settings: {
      ...SETTINGS,
      wal_level: 'logical',
      max_worker_processes: '40',
      shared_preload_libraries: PRELOADED,
      'cron.database_name': 'x_pg_cron',
    },
  };
  const found = await (await serverOf(server)).psql(
    'postgres',
    'SELECT name, default_version FROM pg_available_extensions ORDER BY name',
  );
  return found.split('\n').map((line) => {
    const [name = '', version = ''] = line.split('|');
    return extension(server, name, version);
  });
}
