import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { metricsText } from '../../packages/runner/src/status/metrics.ts';
import { FULL_STATUS } from '../../packages/runner/test/support/full-status.ts';
import { freePort } from '../support/free-port.ts';
import { findPromtool } from '../support/promtool.ts';

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docker/${path}`, import.meta.url)), 'utf8');

const dashboard = JSON.parse(read('grafana/dashboard.json')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const rules = parse(read('prometheus/alerts.yaml')) as {
  groups: { rules: { alert: string; expr: string }[] }[];
};
const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ title, expr })),
);
const alerts = rules.groups.flatMap((group) => group.rules);

/** Starts a Prometheus that scrapes the metrics of a status each second. Returns its URL. */
async function startPrometheus(program: string): Promise<string> {
  const metrics = await metricsText(FULL_STATUS);
  const target = createServer((_, response) => response.end(metrics)).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'geolens-prometheus-'));
  const scrape = {
    global: { scrape_interval: '1s' },
    scrape_configs: [
      {
        job_name: 'geolens-backup',
        static_configs: [{ targets: [`127.0.0.1:${(target.address() as { port: number }).port}`] }],
      },
    ],
  };
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(scrape));
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    target.close();
    await rm(folder, { recursive: true, force: true });
  });
  return `http://127.0.0.1:${port}`;
}

async function ask(url: string, expr: string): Promise<{ status: string; data: { result: unknown[] } }> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
  return (await response.json()) as { status: string; data: { result: unknown[] } };
}

it('Prometheus answers each query of the dashboard with samples, and understands each alert', async (context) => {
  const promtool = await findPromtool();
  if ('unavailable' in promtool) return context.skip(promtool.unavailable);
  const url = await startPrometheus(join(dirname(promtool.path), 'prometheus'));
  const scraped = async (): Promise<boolean> =>
    ask(url, 'geolens_backup_info').then(
      ({ data }) => data.result.length > 0,
      () => false,
    );
  while (!(await scraped())) await pause(300);
  const without: string[] = [];
  for (const { title, expr } of queries) {
    const { status, data } = await ask(url, expr.replaceAll('$instance', '.*'));
    if (status !== 'success' || data.result.length === 0) without.push(`${title}: ${expr}`);
  }
  expect(without).toEqual([]);
  for (const { alert, expr } of alerts)
    expect(await ask(url, expr), alert).toMatchObject({ status: 'success' });
});
