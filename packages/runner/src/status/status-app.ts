import { Hono } from 'hono';
import { toBackupError } from '@geolens/backup-core';
import type { Logger } from '../present/logger.ts';
import { describeError } from '../present/hints.ts';
import { printable, type Redact } from '../present/redact.ts';
import { healthJson } from './health.ts';
import { isAllowedHost } from './allowed-host.ts';
import { page } from './page/page.ts';
import { STYLE } from './page/style.ts';
import { redacted } from './redacted.ts';
import { METRICS_TYPE, metricsText } from './metrics.ts';
import type { Status } from './status.ts';

/** Nothing but our own style, and the empty icon. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface StatusAppParts {
  readonly status: () => Promise<Status>;
  readonly log: Logger;
  readonly redact: Redact;
  /** Names that the page may be asked under, besides those that no other site can have. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** The server is not the one that the name belongs to (RFC 9110, 15.5.20). */
const MISDIRECTED = 421;

/** What the port answers: read-only, and without a secret. */
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
