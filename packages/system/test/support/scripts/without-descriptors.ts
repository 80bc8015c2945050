import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { errorText, toBackupError } from '@geolens/backup-core';
import { chunksOf, readAll } from '@geolens/backup-core/testing';
import { FlockLock } from '../../../src/lock/flock-lock.ts';
import { programFed, programOutput, programText } from '../../../src/process/program-output.ts';

/*
 * Says how programs fail to start, one line of code and message each, when this process may open no more than
 * two files. Its argument is the path of a lock.
 */
const env = { PATH: process.env['PATH'] ?? '' };
await programText('true', [], { env }, () => undefined); // everything is loaded that is loaded late
spawnSync('prlimit', ['--pid', String(process.pid), '--nofile=200']);
const open: number[] = [];
try {
  for (;;) open.push(openSync('/dev/null', 'r'));
} catch {
  for (const descriptor of open.splice(0, 2)) closeSync(descriptor);
}
const attempts = [
  () => readAll(programOutput('true', [], { env }, () => undefined)),
  () => programFed('true', [], chunksOf('x'.repeat(1_000_000)), { env }),
  () => new FlockLock(process.argv[2]!, env).acquire({ command: 'run' }),
];
const said: string[] = [];
for (const attempt of attempts) {
  said.push(
    await attempt().then(
      () => 'no failure',
      (error: unknown) => `${toBackupError(error).code} ${errorText(error)}`,
    ),
  );
}
process.stdout.write(`${said.join('\n')}\nstill alive\n`);
