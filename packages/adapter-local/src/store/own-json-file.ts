import { errnoOf, readOwnFile, storeError } from '@geolens/backup-system';
import { replaceFile } from './replace-file.ts';

/** What a JSON file of this software is for, in messages, and how large it may be. */
interface OwnJsonFileOptions {
  /** What is done when it is read, such as `reading the journal`. */
  readonly reading: string;
  /** What is done when it is written. */
  readonly writing: string;
  /** Maximum size when read, in bytes. */
  readonly largestBytes: number;
}

/** A JSON file that only this software writes, replaced as a whole. */
export class OwnJsonFile {
  private readonly path: string;
  private readonly options: OwnJsonFileOptions;

  constructor(path: string, options: OwnJsonFileOptions) {
    this.path = path;
    this.options = options;
  }

  /**
   * Returns its value; an empty object if it does not exist, or holds no object.
   * @throws BackupError that names the file if it cannot be read
   */
  async read(): Promise<object> {
    const { reading, largestBytes } = this.options;
    try {
      const value: unknown = JSON.parse((await readOwnFile(this.path, largestBytes)).toString());
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
    } catch (error) {
      if (error instanceof SyntaxError || errnoOf(error) === 'ENOENT') return {};
      throw storeError(error, reading, { path: this.path });
    }
  }

  /**
   * Replaces the file by a value.
   * @param indent spaces of indentation; defaults to none
   * @throws BackupError that names the file if it cannot be written
   */
  async replace(value: object, indent?: number): Promise<void> {
    try {
      await replaceFile(this.path, `${JSON.stringify(value, undefined, indent)}\n`);
    } catch (error) {
      throw storeError(error, this.options.writing, { path: this.path });
    }
  }
}
