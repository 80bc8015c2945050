import { Hono } from 'hono';
import { toBackupError } from '@geolens/backup-core';
import type { Logger } from '../log/logger.ts';
import type { Redact } from '../log/redact.ts';
import { healthJson } from '../report/health-report.ts';
import { METRICS_TYPE, metricsText } from './metrics.ts';
import type { Status } from './status.ts';

export interface StatusAppParts {
  readonly status: () => Promise<Status>;
  readonly log: Logger;
  readonly redact: Redact;
}

/** What the port answers: read-only, and without a secret. */
export function statusApp({ status, log, redact }: StatusAppParts): Hono {
  const app = new Hono();
  app.use(async (request, next) => {
    await next();
    request.header('cache-control', 'no-store');
    request.header('x-content-type-options', 'nosniff');
  });
  app.get('/health', async (request) => {
    const { health } = await status();
    return request.body(redact(JSON.stringify(healthJson(health))), health.healthy ? 200 : 503, { 'content-type': 'application/json' });
  });
  app.get('/metrics', async (request) => request.body(redact(await metricsText(await status())), 200, { 'content-type': METRICS_TYPE }));
  app.onError((error, request) => {
    const failure = toBackupError(error);
    log.warn('http.error', `${request.req.path}: ${failure.message}`, { code: failure.code });
    return request.json({ healthy: false, problem: redact(failure.message) }, 503);
  });
  return app;
}
