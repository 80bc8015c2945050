import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** A script beside the test in a process and a process group of its own, killed when the test is finished. */
export class Script {
  readonly child: ChildProcess;
  readonly end: Promise<unknown>;
  output = '';
  private complaints = '';

  /** @param url of the script */
  constructor(url: URL, ...args: readonly string[]) {
    const path = fileURLToPath(url);
    this.child = spawn(process.execPath, ['--conditions=geolens-source', path, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.complaints += chunk.toString()));
    this.end = once(this.child, 'close');
    onTestFinished(() => this.kill('SIGKILL'));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resolves as soon as the script has printed the text. */
  async says(text: string): Promise<void> {
    const ended = this.end.then(() => {
      if (!this.output.includes(text)) throw new Error(`ended before it said "${text}": ${this.complaints}`);
    });
    ended.catch(() => undefined);
    while (!this.output.includes(text)) await Promise.race([once(this.child.stdout!, 'data'), ended]);
  }

  /** Sends a signal to the script's process group; resolves when the script has ended. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    process.kill(-this.pid, signal);
    await this.end;
  }
}

/** Resolves when the condition holds; for what no event tells. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 10_000,
): Promise<void> {
  const giveUpAt = Date.now() + milliseconds;
  while (!(await holds())) {
    if (Date.now() > giveUpAt) throw new Error(`${what}: not within ${milliseconds} ms`);
    await pause(10);
  }
}

/** Whether there is such a process; one that has ended and was not collected yet does not count. */
export function isAlive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !readFileSync(file, 'utf8').includes(') Z ');
}

/** Ids of the processes whose working folder or open files have the text in their names. */
export function processesIn(text: string): readonly number[] {
  return processIds().filter((pid) => opened(pid).some((path) => path.includes(text)));
}

/** Ids of the processes whose command line has the text. */
export function processesWith(text: string): readonly number[] {
  return processIds().filter((pid) => commandOf(pid).includes(text));
}

function processIds(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
}

function opened(pid: number): readonly string[] {
  try {
    return [
      readlinkSync(`/proc/${pid}/cwd`),
      ...readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`)),
    ];
  } catch {
    return []; // it has ended, or belongs to another user
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
