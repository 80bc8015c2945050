import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FlockLock } from '../../src/lock/flock-lock.ts';
import { Program } from '../../src/process/program.ts';
import { programText } from '../../src/process/program-output.ts';
import { findInstallations } from '../../../adapter-postgres/src/connection/postgres-programs.ts';
import { failure } from '../support/failure.ts';
import { freshFolder } from '../support/folders.ts';
import { Script } from '../support/processes.ts';
import { env } from '../support/search-path.ts';

const spawning = vi.hoisted(() => ({ error: undefined as Error | undefined }));

vi.mock('node:child_process', async (original) => {
  const real = await original<typeof import('node:child_process')>();
  const spawn = (...args: Parameters<typeof real.spawn>): unknown => {
    if (spawning.error !== undefined) throw spawning.error;
    return real.spawn(...args);
  };
  return { ...real, spawn };
});

describe('a program that cannot be started', () => {
  it('because no file descriptor is left fails what was to be done, and not the whole process', async () => {
    const script = new Script(
      new URL('../support/scripts/without-descriptors.ts', import.meta.url),
      join(await freshFolder(), 'lock'),
    );
    await script.says('still alive');
    const lines = script.output.trimEnd().split('\n').slice(0, -1);
    expect(lines).toHaveLength(3);
    for (const line of lines)
      expect(line).toMatch(
        /^PROGRAM_NOT_STARTED the program (setpriv|flock) could not be started: .*EMFILE.*the next run tries again$/,
      );
  });

  it.each(['ENOMEM', 'EAGAIN'])('because of %s is not said to be missing', async (code) => {
    spawning.error = Object.assign(new Error(`spawn setpriv ${code}`), { code, syscall: 'spawn setpriv' });
    try {
      const attempts = [
        () => programText('true', [], { env }, () => undefined),
        async () => new FlockLock(join(await freshFolder(), 'lock'), env).acquire({ command: 'run' }),
        () => findInstallations({ env }),
      ];
      for (const attempt of attempts)
        expect((await failure('PROGRAM_NOT_STARTED', attempt())).message).toContain(code);
    } finally {
      spawning.error = undefined;
    }
  });

  it('because this user may not execute it is said to be missing', async () => {
    const path = join(await freshFolder(), 'program');
    await writeFile(path, '#!/bin/sh\n');
    await chmod(path, 0o600);
    const { message } = await failure(
      'PROGRAM_MISSING',
      new Program(path, [], { env: { ...env, LC_ALL: 'C' }, stdout: 'ignore' }).end(),
    );
    expect(message).toContain(path);
  });

  it('because there is no flock names the package that brings it', async () => {
    const { message, hint } = await failure(
      'PROGRAM_MISSING',
      new FlockLock(join(await freshFolder(), 'lock'), { PATH: '/nowhere' }).acquire({ command: 'run' }),
    );
    expect(message).toContain('flock');
    expect(hint).toBe('Install util-linux');
  });
});
