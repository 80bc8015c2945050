import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Secret } from '@geolens/backup-core';
import { chunksOf, readAll, reusedChunksOf } from '@geolens/backup-core/testing';
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

describe('the output of a program with an input', () => {
  const copied = (input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> =>
    programOutput('cat', [], { env }, strict, input);

  it('is made of all its bytes, though they reuse a buffer', async () => {
    const bytes = randomBytes(1_000_000);
    expect((await readAll(copied(reusedChunksOf(bytes)))).equals(bytes)).toBe(true);
  });

  it('fails with the error of the input', async () => {
    const failure = new Error('the disk is broken');
    await expect(readAll(copied(chunksOf(Buffer.alloc(1_000_000), { failure })))).rejects.toBe(failure);
  });

  it('closes the input when it is left early', async () => {
    let isClosed = false;
    const input = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield await Promise.resolve(Buffer.alloc(65_536));
      } finally {
        isClosed = true;
      }
    };
    for await (const chunk of copied(input())) if (chunk.length > 0) break;
    expect(isClosed).toBe(true);
  });
});

describe('a secret', () => {
  const secret = new Secret('hidden');

  it('reaches the program by the next descriptor', async () => {
    expect(await programText('sh', ['-c', 'cat <&3'], { env, secret }, strict)).toBe('hidden');
    const file = await open('/dev/null');
    onTestFinished(() => file.close());
    const options = { env, secret, descriptors: [file.fd] };
    expect(await programText('sh', ['-c', 'cat <&3; cat <&4'], options, strict)).toBe('hidden');
  });

  it('may be left unread, however long', async () => {
    const long = new Secret('x'.repeat(5_000_000));
    expect(await programText('echo', ['done'], { env, secret: long }, strict)).toBe('done\n');
  });
});

describe('a program in the foreground', () => {
  it('shares the process group of this process, and is stopped without it', async () => {
    const groupOf = (pid: string): string | undefined =>
      readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2];
    const stop = new AbortController();
    const options = { env, signal: stop.signal, foreground: true };
    let group: string | undefined;
    const reading = (async () => {
      for await (const chunk of programOutput('sh', ['-c', 'echo $$; exec sleep 1000'], options, strict)) {
        group = groupOf(Buffer.from(chunk).toString().trim());
        stop.abort();
      }
    })();
    await failure('ABORTED', reading);
    expect(group).toBe(groupOf('self'));
  });
});
