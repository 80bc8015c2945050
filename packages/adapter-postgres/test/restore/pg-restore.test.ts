import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runPgRestore } from '../../src/restore/pg-restore.ts';

/** What is read out of these words of a pg_restore. */
async function errorsIn(said: readonly string[]): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'geolens-backup-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [program, dump] = [join(folder, 'pg_restore'), join(folder, 'dump')];
  await writeFile(dump, 'x');
  await writeFile(program, `#!/bin/sh\ncat >&2 <<'END'\n${said.join('\n')}\nEND\nexit 1\n`);
  await chmod(program, 0o755);
  const source = {
    bytes: 1,
    sha256: '',
    path: dump,
    open: () => {
      throw new Error('not asked for');
    },
  };
  const { errors } = await runPgRestore({
    pgRestore: program,
    args: [],
    dump: source,
    env: { PATH: process.env['PATH']! },
    signal: new AbortController().signal,
  });
  return errors;
}

it('an error is read with the lines that belong to it', async () => {
  const said = [
    'pg_restore: launching item 1 TABLE t',
    'pg_restore: error: could not execute query: ERROR:  no',
    'Command was: CREATE TABLE t;',
    'pg_restore: finished item 2 TABLE u',
  ];
  expect(await errorsIn(said)).toEqual(['could not execute query: ERROR:  no\nCommand was: CREATE TABLE t;']);
});

it('an error whose line another worker has torn is still the error', async () => {
  const said = [
    'pg_restore: error: pg_restore: finished item 4687 INDEX collection_summary_id',
    'could not execute query: ERROR:  no',
    'Command was: CREATE TABLE t;',
  ];
  expect(await errorsIn(said)).toEqual(['could not execute query: ERROR:  no\nCommand was: CREATE TABLE t;']);
});

it('an error between the two halves of the line of another worker is still the error', async () => {
  const said = [
    'pg_restore: error: pg_restore:could not execute query: ERROR:  no',
    'Command was: CREATE TABLE t;',
    ' finished item 2 TABLE u',
  ];
  expect(await errorsIn(said)).toEqual(['could not execute query: ERROR:  no\nCommand was: CREATE TABLE t;']);
});

it('an error has its entry where a line of another worker comes between', async () => {
  const said = [
    'pg_restore: from TOC entry 7; 2606 16384 FK CONSTRAINT child key geolens',
    'pg_restore: finished item 2 TABLE u',
    'pg_restore: error: could not execute query: ERROR:  no',
    'pg_restore: error: could not execute query: ERROR:  without an entry',
  ];
  const [first, second] = await errorsIn(said);
  expect(first).toContain('FK CONSTRAINT child key geolens');
  expect(second).toBe('could not execute query: ERROR:  without an entry');
});
