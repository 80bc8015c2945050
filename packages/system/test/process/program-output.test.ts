import { describe, expect, it } from 'vitest';
import { readAll } from '@geolens/backup-core/testing';
import type { ProgramEnd } from '../../src/process/program.ts';
import { programOutput, programText } from '../../src/process/program-output.ts';
import { failure } from '../support/failure.ts';
import { isAlive } from '../support/processes.ts';
import { env } from '../support/search-path.ts';

const strict = ({ code, stderr }: ProgramEnd): Error | undefined =>
  code === 0 ? undefined : new Error(`exit ${code ?? '?'}: ${stderr}`);

const output = (script: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> =>
  programOutput('sh', ['-c', script], { env, signal }, strict);

describe('the output of a program', () => {
  it('is what it writes, byte for byte', async () => {
    const bytes = await readAll(output('head -c 5000000 /dev/zero; printf end'));
    expect(bytes.length).toBe(5_000_003);
    expect(bytes.subarray(-4).toString()).toBe('\0end');
  });

  it('fails when the program does, though it has written everything', async () => {
    const chunks: Buffer[] = [];
    const reading = (async () => {
      for await (const chunk of output('printf whole; echo broken >&2; exit 3'))
        chunks.push(Buffer.from(chunk));
    })();
    await expect(reading).rejects.toThrow('exit 3: broken');
    expect(Buffer.concat(chunks).toString()).toBe('whole');
  });

  it('fails when a signal ended the program', async () => {
    await expect(readAll(output('printf half; kill -KILL $$'))).rejects.toThrow('exit ?');
  });

  it('fails when the program is missing, and is not just empty', async () => {
    await failure('PROGRAM_MISSING', readAll(programOutput('no-such-program', [], { env }, strict)));
  });

  it('ends the program when it is left early', async () => {
    let pid = 0;
    for await (const chunk of output('echo $$; exec yes')) {
      pid = Number.parseInt(Buffer.from(chunk).toString(), 10);
      break;
    }
    expect(pid).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends the program when its reader fails', async () => {
    let pid = 0;
    const reading = (async () => {
      for await (const chunk of output('echo $$; exec sleep 1000')) {
        pid = Number(Buffer.from(chunk).toString());
        throw new Error('the disk is full');
      }
    })();
    await expect(reading).rejects.toThrow('the disk is full');
    expect(isAlive(pid)).toBe(false);
  });

  it('is ABORTED in the middle, while the program writes and while it is silent', async () => {
    for (const rest of ['exec yes', 'exec sleep 1000']) {
      const stop = new AbortController();
      const reading = (async () => {
        for await (const chunk of output(`echo $$; ${rest}`, stop.signal)) {
          expect(chunk.length).toBeGreaterThan(0);
          stop.abort();
        }
      })();
      await failure('ABORTED', reading);
    }
  });

  it('is text for small programs', async () => {
    expect(await programText('printf', ['%s', 'ä'], { env }, strict)).toBe('ä');
  });
});
