import { rm } from 'node:fs/promises';
import { escapeDatabase } from '@geolens/backup-core/internal';
import { storeError } from '@geolens/backup-system';
import { replaceFile } from './store/replace-file.ts';

/** Maximum size of a report, in characters. The first texts describe the cause. */
const MOST_CHARACTERS = 256 * 1024;

const HEADER = 'Full messages of the server and its programs. They can hold values from the database.\n';

/** Returns the file name of the report of a database's last operation of a kind. */
export function reportName(database: string, operation: string): string {
  return `.geolens-backup.${escapeDatabase(database)}.${operation}.report.txt`;
}

/** Collects texts that must stay on this machine, in one file that only its user can read. */
export class FileReport {
  readonly path: string;
  private text = '';

  constructor(path: string) {
    this.path = path;
  }

  /** Adds a text, up to the maximum size of the report. */
  add(text: string): void {
    this.text = `${this.text}\n${text}\n`.slice(0, MOST_CHARACTERS);
  }

  /**
   * Replaces the report of the previous operation.
   * @param ended whether the operation ended; if so, a report without texts removes the file
   * @returns whether the report has texts
   */
  async save(ended: boolean): Promise<boolean> {
    const hasTexts = this.text !== '';
    try {
      if (hasTexts) await replaceFile(this.path, `${new Date().toISOString()} ${HEADER}${this.text}`);
      else if (ended) await rm(this.path, { force: true });
    } catch (error) {
      throw storeError(error, 'writing the local report', { path: this.path });
    }
    return hasTexts;
  }
}
