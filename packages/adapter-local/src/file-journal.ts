import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { escapeDatabase, type JournalState, type RunJournal } from '@geolens/backup-core';
import { errnoOf, storeError } from './store/store-errors.ts';
import { isPartialBeside, partialBeside } from './store/temporary-names.ts';
import { flushFolder, textContent, writeDurably } from './store/write-durably.ts';

/** Writing a journal takes a moment: a temporary file that is older was left by a process that died. */
const LEFTOVER_MS = 3_600_000;

/** The file of a database's journal: each has its own, for one folder may hold the sets of several. */
export function journalName(database: string): string {
  return `.geolens-backup.${escapeDatabase(database)}.json`;
}

/**
 * A journal in one small JSON file, replaced as a whole. It is written without the lock of the volume, so its temporary files
 * have names that a store does not sweep, and are cleared away by the journal itself.
 */
export class FileJournal implements RunJournal {
  private readonly path: string;
  /** The update before: the next one begins when it has ended, however it did. */
  private latest: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<JournalState> {
    try {
      const state: unknown = JSON.parse(await readFile(this.path, 'utf8'));
      return typeof state === 'object' && state !== null && !Array.isArray(state) ? state : {};
    } catch (error) {
      if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return {};
      throw storeError(error, 'reading the journal', { path: this.path });
    }
  }

  update(change: JournalState): Promise<void> {
    const update = this.latest.then(() => this.replace(change));
    this.latest = update.catch(() => undefined);
    return update;
  }

  private async replace(change: JournalState): Promise<void> {
    const text = `${JSON.stringify({ ...(await this.read()), ...change }, undefined, 2)}\n`;
    const partial = partialBeside(this.path);
    try {
      await this.clearAway().catch(() => undefined); // tried again at the next update
      await writeDurably(partial, textContent(text));
      await rename(partial, this.path);
      await flushFolder(dirname(this.path));
    } catch (error) {
      await rm(partial, { force: true });
      throw storeError(error, 'noting the outcome', { path: this.path });
    }
  }

  private async clearAway(): Promise<void> {
    const folder = dirname(this.path);
    for (const name of (await readdir(folder)).filter((one) => isPartialBeside(this.path, one))) {
      const age = Date.now() - (await stat(join(folder, name))).mtimeMs;
      if (age > LEFTOVER_MS) await rm(join(folder, name), { force: true });
    }
  }
}
