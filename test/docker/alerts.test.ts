import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { parse } from 'yaml';
import { metricsText } from '../../packages/runner/src/status/metrics.ts';
import { FULL_STATUS } from '../../packages/runner/test/support/full-status.ts';
import { findPromtool, type Promtool } from '../support/promtool.ts';
import { runProgram } from '../support/run-program.ts';

const file = (name: string): string =>
  fileURLToPath(new URL(`../../docker/prometheus/${name}`, import.meta.url));
const RULES = file('alerts.yaml');
const CASES = file('alerts.test.yaml');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Case {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

interface Tests {
  readonly tests: readonly {
    readonly input_series: readonly { readonly series: string }[];
    readonly alert_rule_test?: readonly Case[];
  }[];
}

const rules = (parse(readFileSync(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const { tests } = parse(readFileSync(CASES, 'utf8')) as Tests;
const cases = tests.flatMap((test) => test.alert_rule_test ?? []);

/**
 * Each metric of ours in an expression, with what is asked of its labels: `sets{state="bad"}` gives `sets`
 * and `state="bad"`.
 */
const askedIn = (expr: string): { name: string; matchers: string[] }[] =>
  [...expr.matchAll(/geolens_backup_(\w+)(?:\{([^}]*)\})?/g)].map(([, name, labels = '']) => ({
    name: name!,
    matchers: labels.match(/\w+=~?"[^"]*"/g) ?? [],
  }));

let promtool: Promtool;

beforeAll(async () => {
  promtool = await findPromtool();
});

async function promtoolSays(context: TestContext, ...args: string[]): Promise<string> {
  if ('unavailable' in promtool) return context.skip(promtool.unavailable);
  return runProgram(promtool.path, args);
}

describe('the alerts for Prometheus', () => {
  it('are rules that Prometheus understands', async (context) => {
    expect(await promtoolSays(context, 'check', 'rules', '--lint-fatal', RULES)).toContain(
      `SUCCESS: ${rules.length} rules found`,
    );
  });

  it('fire when they should, and only then', async (context) => {
    expect(await promtoolSays(context, 'test', 'rules', CASES)).toContain('SUCCESS');
  });

  it.each(rules)('have a case in which $alert fires, and one in which it does not', ({ alert }) => {
    const firing = cases
      .filter(({ alertname }) => alertname === alert)
      .map(({ exp_alerts }) => exp_alerts.length > 0);
    expect(new Set(firing)).toEqual(new Set([true, false]));
  });

  it('have no case for an alert that is not there', () => {
    const names = rules.map(({ alert }) => alert);
    expect(cases.filter(({ alertname }) => !names.includes(alertname))).toEqual([]);
  });

  it.each(rules)('say how grave $alert is, and which command is next', ({ labels, annotations }) => {
    expect(labels['severity']).toMatch(/^(critical|warning)$/);
    expect(annotations['summary']).not.toMatch(/\n/);
    expect(annotations['description']).toMatch(/`(geolens-backup|docker compose|promtool) [^`]+`/);
  });

  it('ask for metrics, and values of labels, that are told, and so do their cases', async () => {
    const reported = (await metricsText(FULL_STATUS)).split('\n');
    const asked = [
      ...rules.map(({ expr }) => expr),
      ...tests.flatMap((test) => test.input_series.map(({ series }) => series)),
    ].flatMap(askedIn);
    const isTold = (name: string, matcher: string): boolean => {
      const [label, values] = matcher.replaceAll(/[~"]/g, '').split('=') as [string, string];
      return (
        ['job', 'instance', 'version', 'database'].includes(label) ||
        values
          .split('|')
          .every((value) =>
            reported.some(
              (line) => line.startsWith(`geolens_backup_${name}{`) && line.includes(`${label}="${value}"`),
            ),
          )
      );
    };
    expect(rules.flatMap(({ expr }) => askedIn(expr)).length).toBeGreaterThan(rules.length);
    expect(asked.filter(({ name }) => !reported.includes(`# TYPE geolens_backup_${name} gauge`))).toEqual([]);
    expect(asked.filter(({ name, matchers }) => !matchers.every((matcher) => isTold(name, matcher)))).toEqual(
      [],
    );
  });
});
