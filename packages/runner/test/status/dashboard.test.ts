import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricsText } from '../../src/status/metrics.ts';
import { FULL_STATUS } from '../support/full-status.ts';

const read = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

interface Panel {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const dashboard = JSON.parse(read('docker/grafana/dashboard.json')) as {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
};
const { groups } = parse(read('docker/prometheus/alerts.yaml')) as {
  groups: { rules: { expr: string }[] }[];
};
const metricsIn = (exprs: readonly string[]): Set<string> =>
  new Set(exprs.flatMap((expr) => expr.match(/geolens_backup_\w+/g) ?? []));
const ofDashboard = metricsIn(dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)));
const ofRules = metricsIn(groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)));

describe('the dashboard for Grafana and the alerts for Prometheus', () => {
  it('ask only for metrics that the program exports, each of which has a sample and a row in the docs', async () => {
    const lines = (await metricsText(FULL_STATUS)).split('\n');
    const exported = lines.flatMap((line) => /^# TYPE (\w+) gauge$/.exec(line)?.[1] ?? []);
    expect([...ofDashboard, ...ofRules].filter((name) => !exported.includes(name))).toEqual([]);
    expect(exported.filter((name) => !lines.some((line) => line.match(`^${name}[ {]`)))).toEqual([]);
    const docs = read('docs/configuration.md');
    expect(exported.filter((name) => !docs.includes(`\`${name.slice('geolens_backup_'.length)}\``))).toEqual(
      [],
    );
  });

  it('watch the disk, restore tests and copies', () => {
    for (const name of [
      'free_bytes',
      'last_drill_result',
      'replication_lag_sets',
      'last_replica_check_result',
    ])
      expect(ofDashboard).toContain(`geolens_backup_${name}`);
    for (const name of ['free_bytes', 'restore_test_failed', 'next_drill_timestamp_seconds'])
      expect(ofRules).toContain(`geolens_backup_${name}`);
  });

  it('takes the data source from a variable, in each panel and query', () => {
    expect(dashboard.templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' }),
    );
    for (const { datasource, targets } of dashboard.panels)
      for (const { uid } of [datasource, ...targets.map((target) => target.datasource)])
        expect(uid).toBe('${datasource}');
  });
});
