import { describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { newOperator } from '../support/operator.ts';

describe('serve with BACKUP_HTTP_PORT', () => {
  it('tells of health and metrics on this machine alone, before the first run and after it, and ends when it is asked to', async () => {
    const operator = await newOperator();
    const port = await freePort();
    const serving = operator.start(['serve'], {
      env: { BACKUP_HTTP_PORT: String(port), BACKUP_RESTORE_TEST_SCHEDULE: 'off' },
    });
    await serving.says(`how things stand is told at http://127.0.0.1:${port}: /, /health, /metrics`);
    const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`);
    await serving.says('next run at');
    const health = await ask('/health');
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ healthy: true });
    const metrics = await (await ask('/metrics')).text();
    expect(metrics).toContain('geolens_backup_last_run_result{outcome="succeeded"} 1');
    expect(metrics).toMatch(/^geolens_backup_newest_set_rows \d+$/m);
    expect(metrics).toMatch(/^geolens_backup_next_run_timestamp_seconds \d+$/m);
    await expect(fetch(`http://127.0.0.2:${port}/health`)).rejects.toThrow();
    serving.signal('SIGTERM');
    const end = await serving.end;
    expect(
      {
        code: end.code,
        listens: await ask('/health').then(
          () => true,
          () => false,
        ),
      },
      end.stderr,
    ).toEqual({ code: 0, listens: false });
  });

  it('does not start on a port that is taken: 2, and which one', async () => {
    const operator = await newOperator();
    const port = await freePort();
    const first = operator.start(['serve'], {
      env: { BACKUP_HTTP_PORT: String(port), BACKUP_ON_START: 'never' },
    });
    await first.says('how things stand');
    const second = await operator.backup(['serve'], { env: { BACKUP_HTTP_PORT: String(port) } });
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(
      `BACKUP_HTTP_PORT="${port}" cannot be listened on: something else listens there`,
    );
    first.signal('SIGTERM');
    expect((await first.end).code).toBe(0);
  });
});
