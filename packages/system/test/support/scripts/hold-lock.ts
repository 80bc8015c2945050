import { abortedBy } from '@geolens/backup-core';
import { FlockLock } from '../../../src/lock/flock-lock.ts';

/*
 * Takes the lock of the path in its first argument and says so, and when it is lost; gives it back at the end
 * of its input. SIGINT does not end it.
 */
process.on('SIGINT', () => {
  process.stdout.write('interrupted\n');
});
const lease = await new FlockLock(process.argv[2]!).acquire({ command: 'restore' }, { whenHeld: 'wait' });
lease.lost.addEventListener('abort', () => {
  const { code, message } = abortedBy(lease.lost);
  process.stdout.write(`lost: ${code} ${message}\n`);
});
process.stdout.write('locked\n');
process.stdin.resume().on('end', () => {
  void lease.release().then(() => {
    process.stdout.write('released\n');
  });
});
