import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { freshDatabase } from '../support/clusters.ts';
import { freshVolume } from '../support/volume.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The processes that were started with this folder for their sets. */
function workingOn(folder: string): readonly number[] {
  const holds = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`BACKUP_DIR=${folder}\0`);
    } catch {
      return false; // it has just ended
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && holds(name))
    .map(Number);
}

it('`npx geolens-backup serve` ends with npx, though npx passes no signal on', async () => {
  const [database, volume] = [await freshDatabase(undefined, { content: 'empty' }), await freshVolume()];
  const { PATH, HOME } = process.env;
  const env = {
    PATH,
    HOME,
    DATABASE_URL: database.url,
    BACKUP_DIR: volume.backups,
    STAGING_DIR: volume.staging,
  };
  const npx = spawn('npx', ['geolens-backup', 'serve'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => {
    for (const pid of workingOn(volume.backups)) process.kill(pid, 'SIGKILL');
  });
  let said = '';
  npx.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('next run at')) await once(npx.stderr, 'data');
  npx.kill('SIGTERM');
  const giveUpAt = Date.now() + 10_000;
  while (workingOn(volume.backups).length > 0 && Date.now() < giveUpAt) await pause(100);
  expect(workingOn(volume.backups)).toEqual([]);
  expect((await volume.everything()).filter((name) => name.includes('partial'))).toEqual([]);
});
