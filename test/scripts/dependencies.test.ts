import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the check against a registry that answers the audit so, and returns its exit code and output. */
async function checked(
  status: number,
  advisories: unknown,
): Promise<{ readonly code: number; readonly output: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const registry = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(body);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(advisories));
    });
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  onTestFinished(() => {
    registry.close();
  });
  const url = `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['scripts/dependencies.ts', `--registry=${url}`],
      { cwd: ROOT },
      (error, stdout, stderr) => {
        resolve({ code: Number(error?.code ?? 0), output: stdout + stderr, asked });
      },
    );
  });
}

describe('the check of the production dependencies', { timeout: 120_000 }, () => {
  const today = new Date().toISOString().slice(0, 4);

  it('lists them, asks the registry for those alone, and reports the date', async () => {
    const { code, output, asked } = await checked(200, {});
    expect(code).toBe(0);
    expect(output).toContain('audit: no known vulnerability');
    expect(output).toMatch(new RegExp(`^${today}-\\d\\d-\\d\\d: \\d+ production dependencies`));
    expect(asked.join()).toContain('"@aws-sdk/client-s3"');
    expect(asked.join()).not.toContain('"vitest"');
  });

  it('fails at a severe vulnerability, and names it', async () => {
    const found = {
      id: 1,
      url: 'https://example.org/1',
      title: 'a hole',
      severity: 'high',
      vulnerable_versions: '*',
    };
    const { code, output } = await checked(200, {
      hono: [{ ...found, cwe: [], cvss: { score: 8, vectorString: null } }],
    });
    expect(code).toBe(1);
    expect(output).toContain('high: hono: a hole (https://example.org/1)');
  });

  it('reports a registry that does not answer, and does not take that for a good result', async () => {
    const { code, output } = await checked(405, {});
    expect(code).toBe(0);
    expect(output).toMatch(/audit FAILED TO ASK: .*405/);
    expect(output).not.toContain('127.0.0.1');
  });
});
