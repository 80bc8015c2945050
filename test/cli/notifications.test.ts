import { describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { receiver } from '../support/receiver.ts';
import { newOperator } from '../support/operator.ts';

const PASSWORD = 'p-a"s s%wörd';

describe('notifications', () => {
  it('tell of a run from its begin to its end, with its log and report', async () => {
    const operator = await newOperator();
    const { url, received } = await receiver();
    const end = await operator.backup(['run'], {
      env: { BACKUP_PING_URL: `${url}/ping-secret`, BACKUP_WEBHOOK_URL: `${url}/hook-secret` },
    });
    expect(end.code, end.stderr).toBe(0);
    expect(received.map(({ path }) => path).sort()).toEqual([
      '/hook-secret',
      '/ping-secret',
      '/ping-secret/start',
    ]);
    const [first] = received;
    expect(first!.path).toBe('/ping-secret/start');
    expect(received.find(({ path }) => path === '/ping-secret')!.body).toMatch(
      / succeeded in .*\n(?:.*\n)*.*produce dump: /,
    );
    const report = JSON.parse(received.find(({ path }) => path === '/hook-secret')!.body) as {
      run: { manifest: { artifacts: unknown[] } };
    };
    expect(report).toMatchObject({ event: 'run.finished', state: 'good', run: { outcome: 'succeeded' } });
    expect(report.run.manifest.artifacts).toHaveLength(3);
  });

  it('tell why a run failed, and a receiver that fails too makes it no worse; no secret is in anything that is printed or sent', async () => {
    const operator = await newOperator();
    const { url, received } = await receiver();
    const unprivileged = `127.0.0.1:${await freePort()}`;
    const env = {
      DATABASE_URL: `postgresql://someone:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/geolens`,
      BACKUP_PING_URL: `${url}/ping-secret`,
      BACKUP_WEBHOOK_URL: `http://me:hook-password@${unprivileged}/hook-secret?token=hook-token`,
      LOG_LEVEL: 'debug',
      BACKUP_PG_BIN_DIR: '',
    };
    const end = await operator.backup(['run', '--json'], { env });
    expect(end.code, end.stderr).toBe(1);
    expect(end.stderr).toContain(
      `WARN  BACKUP_WEBHOOK_URL (${unprivileged}) could not be reached (ECONNREFUSED)`,
    );
    const { path, body } = received.at(-1)!;
    expect(path).toBe('/ping-secret/fail');
    expect(body).toContain('ECONNREFUSED');
    const everything = [
      end.stdout,
      end.stderr,
      body,
      (await operator.backup(['config', '--json'], { env })).stdout,
    ].join('\n');
    for (const secret of [
      PASSWORD,
      encodeURIComponent(PASSWORD),
      'ping-secret',
      'hook-secret',
      'hook-password',
      'hook-token',
    ])
      expect(everything).not.toContain(secret);
  });

  it('make a good run end with 3 when nobody takes them', async () => {
    const operator = await newOperator();
    const { url } = await receiver(404, 404);
    const end = await operator.backup(['run'], { env: { BACKUP_PING_URL: url } });
    expect(end.code, end.stderr).toBe(3);
    expect(end.stderr).toContain('WARN  BACKUP_PING_URL');
    expect(end.stdout).toContain('(complete)');
  });

  it('do not keep a process that was asked to end, and say that the run was stopped', async () => {
    const operator = await newOperator();
    const { url, received } = await receiver(200, 0);
    const running = operator.start(['run'], { env: { BACKUP_PING_URL: url } });
    await running.says('begins');
    running.signal('SIGTERM');
    const end = await running.end;
    expect(end.milliseconds).toBeLessThan(10_000);
    expect(end.code, end.stderr).toBe(1);
    expect(received.at(-1)!.path).toBe('/fail');
  });
});
