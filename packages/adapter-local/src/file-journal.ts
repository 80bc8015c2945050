import { readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { escapeDatabase, type JournalState, type RunJournal } from '@geolens/backup-core';
import { storeError } from './store/store-errors.ts';
import { partialName } from './store/temporary-names.ts';
import { flushFolder, textContent, writeDurably } from './store/write-durably.ts';

/** The file of a database's journal: each has its own, for one folder may hold the sets of several. */
export function journalName(database: string): string {
  return `.geolens-backup.${escapeDatabase(database)}.json`;
}

/** A journal in one small JSON file, replaced as a whole. */
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
    } catch {
      return {};
    }
  }

  update(change: JournalState): Promise<void> {
    const update = this.latest.then(() => this.replace(change));
    this.latest = update.catch(() => undefined);
    return update;
  }

  private async replace(change: JournalState): Promise<void> {
    const text = `${JSON.stringify({ ...(await this.read()), ...change }, undefined, 2)}\n`;
    const partial = join(dirname(this.path), partialName());
    try {
      await writeDurably(partial, textContent(text));
      await rename(partial, this.path);
      await flushFolder(dirname(this.path));
    } catch (error) {
      await rm(partial, { force: true });
      throw storeError(error, 'noting the outcome', { path: this.path });
    }
  }
}
