import { describe, expect, it } from 'vitest';
import { BackupError, type Tier } from '@geolens/backup-core';
import type { DiagnosticResult } from '@geolens/backup-core/internal';
import { MemoryStore } from '@geolens/backup-core/testing';
import { doctor } from '../../src/commands/doctor.ts';
import { run } from '../../src/commands/run.ts';
import { verify } from '../../src/commands/verify.ts';
import { commandKit, type CommandKit } from '../support/command-kit.ts';

async function asked(kit: CommandKit, json = false): Promise<{ code: number; said: string }> {
  kit.output.said = '';
  const code = await doctor(kit.context, { json });
  return { code, said: kit.output.said };
}

const result = (level: DiagnosticResult['level']): DiagnosticResult => ({
  subject: 'server',
  level,
  message: 'my-password',
  hint: 'my-password',
});

async function kitWith(
  results: readonly DiagnosticResult[],
  replicas: MemoryStore[] = [],
): Promise<CommandKit> {
  const kit = await commandKit(new MemoryStore('local'), replicas);
  const services = {
    ...kit.context.services,
    diagnosticChecks: [{ inspect: () => Promise.resolve(results) }],
  };
  return {
    ...kit,
    context: { ...kit.context, services, redact: (text: string) => text.replaceAll('my-password', '***') },
  };
}

describe('`doctor`', () => {
  it('ends with 1 when something fails, and with 0 when something is only to be looked at', async () => {
    expect((await asked(await kitWith([result('fail')]))).code).toBe(1);
    expect((await asked(await kitWith([result('warn')]))).code).toBe(0);
  });

  it('prints no secret, in a line with its hint below, or as JSON', async () => {
    const kit = await kitWith([result('warn')]);
    expect((await asked(kit)).said).toMatch(/^WARN {2}server {17}\*\*\*\n {29}→ \*\*\*\n/);
    const { said } = await asked(kit, true);
    expect(JSON.parse(said)).toMatchObject({
      ok: true,
      results: expect.arrayContaining([
        { subject: 'server', level: 'warn', message: '***', hint: '***' },
      ]) as unknown,
    });
  });

  it('names variables in the hints of other packages', async () => {
    const details = { reason: 'database-empty' } as const;
    const { said } = await asked(await kitWith([{ ...result('warn'), details }]), true);
    expect((JSON.parse(said) as { results: unknown[] }).results[0]).toEqual({
      subject: 'server',
      level: 'warn',
      message: '***',
      hint: expect.stringContaining('POSTGRES_HOST and POSTGRES_DB, or DATABASE_URL') as unknown,
    });
  });

  it('doubts that there is no copy elsewhere, that the copies are empty, and not that they are there', async () => {
    const copies = async (kit: CommandKit): Promise<string> =>
      /^.*off-site copy.*$/m.exec((await asked(kit)).said)![0];
    expect(await copies(await kitWith([]))).toMatch(/^WARN .*there is none/);
    const kit = await kitWith([], [new MemoryStore('s3')]);
    expect(await copies(kit)).toMatch(/^WARN .*s3 has no complete set yet/);
    await run(kit.context, { json: false });
    expect(await copies(kit)).toMatch(/^OK .*s3 has \d complete sets?, the newest 20260201_000000$/);
  });

  it('warns of one bad copy among good ones, and fails when no good one is left', async () => {
    const s3 = new MemoryStore('s3');
    const kit = await kitWith([], [s3]);
    await run(kit.context, { json: false });
    const copies = async (): Promise<string> => /^.*off-site copy.*$/m.exec((await asked(kit)).said)![0];
    const spoil = async (tier: Tier): Promise<void> => {
      const key = [...s3.artifacts.keys()].find((one) => one.startsWith(tier) && one.endsWith('.dump'))!;
      s3.artifacts.set(key, new Uint8Array(s3.artifacts.get(key)!.length));
      await verify(kit.context, 'latest', { all: true, store: 's3', restore: false, json: false });
    };
    await spoil('weekly');
    expect(await copies()).toMatch(
      /^WARN .*s3 has 1 complete set, and 1 bad set; 20260201_000000: .*geolens_/,
    );
    await spoil('daily');
    expect(await copies()).toMatch(/^FAIL .*s3 has no complete sets, and 1 bad set/);
  });

  it.each(['s3 list', 'folder'])('reports a fault of %s once', async (subject) => {
    const kit = await kitWith([{ ...result('fail'), subject }], [new MemoryStore('s3')]);
    for (const store of kit.context.services.stores)
      store.list = () => {
        throw new BackupError('STORE_FAILED', 'EIO');
      };
    const { said } = await asked(kit);
    expect(said).toMatch(new RegExp(`^WARN .*not checked, because ${subject} failed$`, 'm'));
    expect(said).toMatch(/^2 FAIL/m);
  });

  it('estimates the first set from what the checks found', async () => {
    const contentBytes = 9e18;
    const { said } = await asked(
      await kitWith([
        { ...result('ok'), contentBytes },
        { ...result('ok'), contentBytes },
      ]),
    );
    expect(said).toMatch(/^FAIL {2}space .*take 18000 PB before compression/m);
  });

  it('looks at the rest when the sets cannot be read', async () => {
    const kit = await kitWith([]);
    kit.context.services.primary.list = () => {
      throw new BackupError('STORE_FAILED', 'EIO');
    };
    const { code, said } = await asked(kit);
    expect(code).toBe(1);
    expect(said).toMatch(/^FAIL {2}sets +EIO$/m);
    expect(said).toMatch(/^OK {4}schedule /m);
  });

  it('stops when it is asked to', async () => {
    const kit = await kitWith([]);
    await expect(
      doctor({ ...kit.context, signal: AbortSignal.abort() }, { json: false }),
    ).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
