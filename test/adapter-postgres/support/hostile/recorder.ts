import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Target } from './code.ts';

/** What the code of one place has done. */
export interface Attempts {
  /** Roles that it ran as, or changed to. */
  readonly roles: Set<string>;
  /** Aims that it reached. */
  readonly won: Set<string>;
}

/**
 * Records what hostile code does: the lines that it logs, the files that its programs leave, and the
 * connections that they make.
 */
export class Recorder implements AsyncDisposable {
  /** What the recorder has on the disk; removed with it. */
  readonly folder: string;
  readonly target: Target;
  /** Where servers of restore tests log to. */
  readonly testLog: string;
  readonly #serverLog: string;
  readonly #listener: Server;
  #received = '';
  #offset = 0;

  private constructor(folder: string, listener: Server, serverLog: string) {
    this.folder = folder;
    this.target = { folder: join(folder, 'files'), port: (listener.address() as AddressInfo).port };
    this.testLog = join(folder, 'log');
    this.#serverLog = serverLog;
    this.#listener = listener.on('connection', (socket) => {
      socket.on('data', (data) => (this.#received += data.toString())).on('error', () => undefined);
    });
  }

  /** @param serverLog log of the server whose databases have the code */
  static async start(serverLog: string): Promise<Recorder> {
    const folder = await mkdtemp(join(tmpdir(), 'hostile-'));
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const recorder = new Recorder(folder, listener, serverLog);
    await chmod(folder, 0o755);
    await mkdir(recorder.target.folder);
    await chmod(recorder.target.folder, 0o777);
    await writeFile(recorder.testLog, '');
    await chmod(recorder.testLog, 0o666);
    return recorder;
  }

  /** Returns what the code of each place did since the last call, by the index of the place. */
  async take(): Promise<ReadonlyMap<number, Attempts>> {
    const found = new Map<number, Attempts>();
    const of = (index: number | string): Attempts => {
      const attempts = found.get(Number(index)) ?? { roles: new Set(), won: new Set() };
      found.set(Number(index), attempts);
      return attempts;
    };
    const { folder } = this.target;
    for (const file of await readdir(folder)) {
      of(file).won.add('program');
      await rm(join(folder, file));
    }
    for (const [index] of this.#received.matchAll(/\d+/g)) of(index).won.add('network');
    this.#received = '';
    for (const [, index, role, won] of (await this.#logged()).matchAll(/hostile\|(\d+)\|(\w+)\|([\w,]*)/g)) {
      of(index!).roles.add(role!);
      for (const aim of won!.split(',').filter(Boolean)) of(index!).won.add(aim);
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #logged(): Promise<string> {
    const [server, test] = await Promise.all([readFile(this.#serverLog), readFile(this.testLog, 'utf8')]);
    const text = server.subarray(this.#offset).toString() + test;
    this.#offset = server.length;
    await writeFile(this.testLog, '');
    return text;
  }
}
