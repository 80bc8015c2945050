import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arguments } from './arguments.ts';
import { freePort } from '../test/support/free-port.ts';
import { geolensBackup, settingsFor } from './geolens-backup.ts';
import { measure, type Measured } from './measure.ts';
import { pidOf, processorMilliseconds, proportionalBytes, residentBytes, wakeUps } from './proc-tree.ts';
import type { Idle, StartUp } from './results.ts';
import { say } from './say.ts';
import { startServe, stopServe, type RunningServe } from './serve.ts';
import { binDirsOf, withYardstick } from './servers.ts';

const SMALL_MB = 20;
const STARTS = 20;
const HOUR_SECONDS = 3600;

export interface Quiet {
  readonly startUp: readonly StartUp[];
  readonly idle: readonly Idle[];
}

/** What the software costs while it does nothing: starts of commands, and `serve` between two runs. */
export async function measureQuiet({ servers, windowSeconds }: Arguments, folder: string): Promise<Quiet> {
  const [binDir] = await binDirsOf([Math.max(...servers)]);
  return withYardstick(binDir, SMALL_MB, async (cluster) => {
    const settings = (name: string): Record<string, string> => {
      const backups = join(folder, name);
      mkdirSync(backups, { recursive: true });
      return settingsFor({ cluster, backups });
    };
    const startUp: StartUp[] = [];
    for (const command of ['--help', 'health', 'list'])
      startUp.push(await startsOf(command, settings('empty')));
    const page = { BACKUP_HTTP_PORT: String(await freePort()) };
    const serves: readonly (readonly [string, RunningServe])[] = [
      ['as started', await startServe({ ...settings('started'), BACKUP_ON_START: 'never' }, 'schedule.next')],
      ['after a run', await startServe({ ...settings('run'), BACKUP_ON_START: 'always' }, 'schedule.next')],
      [
        'after a run, with the page',
        await startServe({ ...settings('page'), ...page, BACKUP_ON_START: 'always' }, 'schedule.next'),
      ],
    ];
    say(`serve: looking at ${serves.length} of them for ${2 * windowSeconds} s`);
    await sleep(windowSeconds * 1000);
    const idle = await Promise.all(
      serves.map(([what, serve]) => idleOf(what, pidOf(serve.child), windowSeconds)),
    );
    await Promise.all(serves.map(([, serve]) => stopServe(serve)));
    return { startUp, idle };
  });
}

async function startsOf(command: string, settings: Readonly<Record<string, string>>): Promise<StartUp> {
  const samples: Measured[] = [];
  // Nothing has succeeded yet on an empty volume: health says so with its 1.
  for (let start = 0; start < STARTS; start += 1) {
    const { measured } = await measure({ ...geolensBackup([command], settings), codes: [0, 1] });
    samples.push(measured);
  }
  return {
    command,
    seconds: samples.map(({ seconds }) => seconds),
    peakBytes: Math.max(...samples.map(({ ownPeakBytes }) => ownPeakBytes)),
  };
}

async function idleOf(what: string, pid: number, seconds: number): Promise<Idle> {
  const before = { wakeUps: wakeUps(pid), milliseconds: processorMilliseconds(pid), at: performance.now() };
  await sleep(seconds * 1000);
  const perHour = (HOUR_SECONDS * 1000) / (performance.now() - before.at);
  return {
    what,
    residentBytes: residentBytes(pid),
    proportionalBytes: proportionalBytes(pid),
    wakeUpsPerHour: (wakeUps(pid) - before.wakeUps) * perHour,
    cpuMillisecondsPerHour: (processorMilliseconds(pid) - before.milliseconds) * perHour,
    seconds,
  };
}
