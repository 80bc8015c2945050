import { describe, expect, it } from 'vitest';
import { BackupError } from '@geolens/backup-core';
import { page } from '../../src/status/page/page.ts';
import { setPage } from '../../src/status/page/set-page.ts';
import { metricsText } from '../../src/status/metrics.ts';
import { redactor } from '../../src/present/redact.ts';
import { redacted } from '../../src/status/status-app.ts';
import { healthJson } from '../../src/status/health.ts';
import { MANIFEST, NOW, setOf } from '../support/sets.ts';
import { statusOf, storeOf } from '../support/status.ts';

const SECRET = 'p<a"ss&word';
const error = `connecting to postgresql://geolens:${SECRET}@db failed`;
const moments = { startedAt: '2026-11-21T02:00:00Z', finishedAt: '2026-11-21T02:00:00Z' };

const leaky = statusOf({
  health: {
    ...statusOf().health,
    healthy: false,
    problem: error,
    lastFailure: { at: NOW, error },
    failedRestoreTest: {
      timestamp: setOf().timestamp,
      result: { outcome: 'failed', at: moments.startedAt, reason: error },
    },
  },
  journal: {
    lastRun: { outcome: 'failed', error, ...moments },
    lastRestoreTest: { outcome: 'failed', finishedAt: moments.finishedAt, problem: error },
    lastReplicaCheck: { outcome: 'failed', finishedAt: moments.finishedAt, sets: 1, problem: error },
    pastRuns: [{ outcome: 'failed', error, ...moments }],
  },
  stores: [
    storeOf(
      'local',
      setOf({
        state: 'bad',
        problems: [error],
        manifest: { ...MANIFEST, warnings: [error] },
        checks: { restoreTest: { outcome: 'failed', at: moments.startedAt, reason: error } },
      }),
    ),
    { name: 's3', sets: undefined, error: new BackupError('STORE_UNAVAILABLE', error), inspectedAt: NOW },
  ],
});

/** The password in every form that it could have in an answer. */
const FORMS = [SECRET, 'p&lt;a&quot;ss&amp;word', JSON.stringify(SECRET).slice(1, -1)];

async function answersOf(status: typeof leaky, redact: (text: string) => string = String): Promise<string> {
  return [
    String(await page(status)),
    String(await setPage(status, setOf().timestamp, redact)),
    await metricsText(status),
    JSON.stringify(healthJson(status.health)),
  ].join('\n');
}

describe('what the port answers', () => {
  it('would have a password in it that an error has', async () => {
    const text = await answersOf(leaky);
    expect(text).toContain(FORMS[1]);
    expect(text).toContain(FORMS[2]);
  });

  it('has none of it once it is redacted, and keeps its own words when one of them is the password', async () => {
    const redact = (one: string): string => one.replaceAll(SECRET, '[redacted]');
    const text = await answersOf(redacted(leaky, redact), redact);
    for (const form of FORMS) expect(text).not.toContain(form);
    expect(text).toContain('connecting to postgresql://geolens:[redacted]@db failed');
    expect(await answersOf(redacted(statusOf(), (one) => one.replaceAll('geolens_backup', '***')))).toContain(
      'geolens_backup_healthy 1',
    );
  });
});

it('drops terminal sequences of errors, so that no table shows them', async () => {
  const pastRuns = [{ outcome: 'failed', error: '\u001b[31mno\u001b[0m space', ...moments }] as const;
  const text = await answersOf(redacted(statusOf({ journal: { pastRuns } }), redactor([])));
  expect(text).toContain('<span>no space</span>');
});

it('has no control characters of names and errors, on the page and in metrics', async () => {
  const steering = '\u001b]0;x\u0007\u009b';
  const answers = await answersOf(
    redacted(
      statusOf({ database: `geo${steering}`, stores: [storeOf('local', setOf({ problems: [steering] }))] }),
      redactor([]),
    ),
  );
  expect(['\u0007', '\u001b', '\u009b'].filter((character) => answers.includes(character))).toEqual([]);
  expect(answers).toContain(String.raw`database="geo\\u001b`);
});
