import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Program } from '../../src/process/program.ts';
import { programText } from '../../src/process/program-output.ts';
import { failure } from '../support/failure.ts';
import { isAlive, Script, until } from '../support/processes.ts';
import { env } from '../support/search-path.ts';

const anyEnd = (): undefined => undefined;

/** A shell script in a program, and what it printed first. */
async function shell(script: string, signal?: AbortSignal): Promise<{ program: Program; said: string }> {
  const program = new Program('sh', ['-c', script], { env, signal });
  const [chunk] = (await once(program.stdout, 'data')) as [Buffer];
  return { program, said: chunk.toString().trim() };
}

describe('a program', () => {
  it('tells its exit code and what it said', async () => {
    expect(await new Program('sh', ['-c', 'echo oops >&2; exit 7'], { env, stdout: 'ignore' }).end()).toEqual(
      { code: 7, endedBy: undefined, stderr: 'oops' },
    );
  });

  it('tells the signal that ended it', async () => {
    expect(await new Program('sh', ['-c', 'kill -SEGV $$'], { env, stdout: 'ignore' }).end()).toMatchObject({
      code: undefined,
      endedBy: 'SIGSEGV',
    });
  });

  it('may exit with 127 by itself', async () => {
    expect(await new Program('sh', ['-c', 'exit 127'], { env, stdout: 'ignore' }).end()).toMatchObject({
      code: 127,
    });
  });

  it('is PROGRAM_MISSING when it is not installed', async () => {
    const { message, hint } = await failure(
      'PROGRAM_MISSING',
      new Program('no-such-program', [], { env, stdout: 'ignore' }).end(),
    );
    expect(message).toContain('no-such-program');
    expect(hint).toMatch(/install/i);
  });

  it('is PROGRAM_MISSING when not even the path has anything', async () => {
    await failure(
      'PROGRAM_MISSING',
      new Program('true', [], { env: { PATH: '/nowhere' }, stdout: 'ignore' }).end(),
    );
  });

  it('gets the environment that it is given and nothing of ours', async () => {
    process.env['GEOLENS_SECRET'] = 'hidden';
    const said = await programText('env', [], { env: { ...env, GREETING: 'hello' } }, anyEnd);
    expect(
      said
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
    ).toEqual(['GREETING=hello', `PATH=${env.PATH}`]);
    delete process.env['GEOLENS_SECRET'];
  });

  it('keeps the end of a long complaint, and a bounded part of it', async () => {
    const { stderr } = await new Program(
      'sh',
      ['-c', 'head -c 30000000 /dev/zero | tr "\\0" x >&2; echo the end >&2'],
      { env, stdout: 'ignore' },
    ).end();
    expect(stderr.slice(-8)).toBe('xthe end');
    expect(stderr.length).toBeLessThan(200_000);
  });

  it('is not started when the signal has fired before', () => {
    expect(() => new Program('true', [], { env, signal: AbortSignal.abort() })).toThrow(
      'stopped before its end',
    );
  });
});

describe('a program that is told to stop', () => {
  it('ends, and its end is ABORTED', async () => {
    const stop = new AbortController();
    const { program, said } = await shell('echo $$; exec sleep 1000', stop.signal);
    stop.abort();
    await failure('ABORTED', program.end());
    await until(() => !isAlive(Number(said)), 'what it has started is gone'); // whoever inherits it may take a moment to notice
  });

  it('is killed when it ignores that', async () => {
    const stop = new AbortController();
    const { program, said } = await shell('trap "" TERM; echo $$; while :; do sleep 1000; done', stop.signal);
    stop.abort();
    await failure('ABORTED', program.end());
    await until(() => !isAlive(Number(said)), 'what it has started is gone'); // whoever inherits it may take a moment to notice
  });

  it('takes along what it has started, even what ignores the request and outlives it', async () => {
    const stop = new AbortController();
    const { program, said } = await shell(
      `(trap "" TERM; exec sh -c 'echo $$; exec sleep 1000') & wait`,
      stop.signal,
    );
    stop.abort();
    await failure('ABORTED', program.end());
    await until(() => !isAlive(Number(said)), 'what it has started is gone'); // whoever inherits it may take a moment to notice
  });

  it('may have ended already', async () => {
    const program = new Program('true', [], { env, stdout: 'ignore' });
    await program.end();
    program.stop();
    expect(await program.end()).toMatchObject({ code: 0 });
  });
});

describe('a program whose parent is gone', () => {
  it('is killed with it, though it reads and writes nothing', async () => {
    const parent = new Script(
      new URL('../support/scripts/run-program.ts', import.meta.url),
      'sh',
      '-c',
      'trap "" TERM HUP; echo $$; exec sleep 1000',
    );
    await parent.says('\n');
    const pid = Number(parent.output);
    expect(isAlive(pid)).toBe(true);
    await parent.kill('SIGKILL');
    await until(() => !isAlive(pid), 'the program is gone');
  });

  it('does not feel a Ctrl-C that reaches the process group of its parent', async () => {
    const parent = new Script(
      new URL('../support/scripts/run-program.ts', import.meta.url),
      'sh',
      '-c',
      'trap "echo interrupted" INT; echo ready; while sleep 0.1; do :; done',
    );
    await parent.says('ready');
    process.kill(-parent.pid, 'SIGINT');
    await parent.end;
    expect(parent.output).not.toContain('interrupted');
  });
});
