import { isIP } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { Hono } from 'hono';
import { BackupError, parseTimestamp, toBackupError, type Checks, type PastRun } from '@geolens/backup-core';
import { CHECK_NAMES } from '@geolens/backup-core/internal';
import type { Logger } from '../present/logger.ts';
import { describeError } from '../present/hints.ts';
import { printable, type Redact } from '../present/redact.ts';
import { healthJson } from './health.ts';
import { page } from './page/page.ts';
import { setPage } from './page/set-page.ts';
import { STYLE } from './page/style.ts';
import { METRICS_TYPE, metricsText } from './metrics.ts';
import type { Status } from './status.ts';

/** Allows only the style of the page and the empty icon. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface StatusAppParts {
  readonly status: () => Promise<Status>;
  readonly log: Logger;
  readonly redact: Redact;
  /** Further host names for requests. Names that no other site can have are always allowed. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** The server is not responsible for the requested host name (RFC 9110, 15.5.20). */
const MISDIRECTED = 421;

/** Returns the HTTP application. Its responses are read-only and contain no secrets. */
export function statusApp({ log, redact, allowedHosts = [], ...parts }: StatusAppParts): Hono {
  const status = async (): Promise<Status> => redacted(await parts.status(), redact);
  const app = new Hono();
  app.use(async (request, next) => {
    const host = request.req.header('host');
    if (host === undefined || isAllowedHost(host, allowedHosts)) await next();
    else request.res = request.text('This name is not in BACKUP_HTTP_ALLOWED_HOSTS\n', MISDIRECTED);
    request.header('cache-control', 'no-store');
    request.header('x-content-type-options', 'nosniff');
    request.header('content-security-policy', POLICY);
    request.header('referrer-policy', 'no-referrer');
  });
  app.get('/', async (request) => request.html(printable(String(await page(await status())))));
  app.get('/sets/:timestamp', async (request) => {
    const timestamp = parseTimestamp(request.req.param('timestamp'));
    const found = timestamp && setPage(await status(), timestamp, redact);
    return found === undefined ? request.notFound() : request.html(printable(String(await found)));
  });
  app.get('/style.css', (request) => request.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8' }));
  app.get('/health', async (request) => {
    const { health } = await status();
    return request.body(JSON.stringify(healthJson(health)), health.healthy ? 200 : 503, {
      'content-type': 'application/json',
    });
  });
  app.get('/metrics', async (request) =>
    request.body(await metricsText(await status()), 200, { 'content-type': METRICS_TYPE }),
  );
  app.onError((error, request) => {
    const problem = describeError(error);
    log.warn('http.error', `${request.req.path}: ${problem}`, { code: toBackupError(error).code });
    return request.json({ healthy: false, problem: redact(problem) }, 503);
  });
  return app;
}

/**
 * Returns whether the `Host` of a request is allowed, or can only mean this machine. A name with a dot may
 * belong to another site. A page of that site could query this port from the operator's browser (DNS
 * rebinding).
 */
export function isAllowedHost(host: string, allowed: readonly string[]): boolean {
  const name = host.replace(/:\d*$/, '').replace(/\.$/, '').toLowerCase();
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  return /^[a-z0-9_-]+$/.test(name) || allowed.some((one) => one.toLowerCase() === name);
}

/**
 * Returns the status with the secrets redacted in texts from errors, the journal and manifests. Redacting the
 * responses would also replace words of the page that equal a password.
 */
export function redacted(status: Status, redactSecrets: Redact): Status {
  const redact = (text: string): string => redactSecrets(stripVTControlCharacters(text));
  const maybe = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : redact(text);
  const { health, journal, stores } = status;
  const { lastRun, lastRestoreTest, lastReplicaCheck, pastRuns } = journal;
  const { failedRestoreTest: failed } = health;
  return {
    ...status,
    database: printable(status.database),
    health: {
      ...health,
      problem: maybe(health.problem),
      failedRestoreTest: failed && {
        ...failed,
        result: { ...failed.result, reason: maybe(failed.result.reason) },
      },
      running: health.running && { ...health.running, phase: maybe(health.running.phase) },
      lastFailure: health.lastFailure && { ...health.lastFailure, error: maybe(health.lastFailure.error) },
    },
    journal: {
      ...journal,
      lastRun: lastRun && { ...lastRun, error: maybe(lastRun.error) },
      lastReplicaCheck: lastReplicaCheck && { ...lastReplicaCheck, problem: maybe(lastReplicaCheck.problem) },
      lastRestoreTest: lastRestoreTest && { ...lastRestoreTest, problem: maybe(lastRestoreTest.problem) },
      pastRuns: Array.isArray(pastRuns)
        ? (pastRuns as readonly PastRun[]).map((run) => ({ ...run, error: maybe(run.error) }))
        : undefined,
    },
    stores: stores.map((store) => ({
      ...store,
      sets: store.sets?.map((set) => ({
        ...set,
        problems: set.problems.map(redact),
        checks: redactedChecks(set.checks, maybe),
      })),
      error: store.error && new BackupError(store.error.code, redact(describeError(store.error))),
    })),
  };
}

function redactedChecks(checks: Checks, redact: (text: string | undefined) => string | undefined): Checks {
  return Object.fromEntries(
    CHECK_NAMES.flatMap((name) => {
      const check = checks[name];
      return check === undefined ? [] : [[name, { ...check, reason: redact(check.reason) }]];
    }),
  );
}
