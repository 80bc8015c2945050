import { BackupError, throwIfAborted } from '../base/errors.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import { parseTimestamp } from '../model/timestamp.ts';
import type { KeptContent } from '../ports/dump-restorer.ts';
import type { RecoverOptions, StagingRestorer, UnpackedStaging } from '../ports/staging-restorer.ts';
import { readAll } from './sources.ts';

/** An operation that can fail on request. */
export type StagingOperation =
  | 'refusal'
  | 'recover'
  | 'unpack'
  | 'swap'
  | 'discard'
  | 'listPrevious'
  | 'dropPrevious';

/**
 * A restorer with folders in memory. The content of a folder is the text of the archive that was restored
 * into it.
 */
export class FakeStagingRestorer implements StagingRestorer {
  /** Content of every folder, including those kept by swaps. */
  readonly folders = new Map<string, string>();
  /** All calls so far with their folder, including failed ones. */
  readonly calls: { readonly operation: StagingOperation; readonly folder: string }[] = [];
  /**
   * Called before each operation. A returned error is thrown. Not called for `discard`, which never fails.
   */
  fault: (operation: StagingOperation) => Error | undefined = () => undefined;
  /** Result of `refusal`. */
  refused: string | undefined;
  /** Next result of `recover`. */
  orphans: readonly string[] = [];
  /** Warnings of `recover`. */
  recoveryWarnings: readonly string[] = [];
  /** Members that unpacking leaves out. */
  leftOut: readonly string[] = [];
  /** Warnings of unpacking. */
  warnings: readonly string[] = [];
  /** Number of unpacked archives that are neither swapped nor discarded. */
  openUnpackings = 0;
  private swaps = 0;

  async refusal(folder: string): Promise<string | undefined> {
    await this.enter('refusal', folder);
    return this.refused;
  }

  async recover(folder: string, { onWarning }: RecoverOptions = {}): Promise<readonly string[]> {
    await this.enter('recover', folder);
    for (const warning of this.recoveryWarnings) onWarning?.(warning);
    const done = this.orphans;
    this.orphans = [];
    return done;
  }

  async unpack(
    archive: ArtifactContent,
    folder: string,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<UnpackedStaging> {
    await this.enter('unpack', folder);
    throwIfAborted(signal);
    const content = (await readAll(archive.open())).toString();
    throwIfAborted(signal);
    this.openUnpackings += 1;
    let open = true;
    const close = (): void => {
      if (open) this.openUnpackings -= 1;
      open = false;
    };
    return {
      members: content.length,
      leftOut: this.leftOut,
      warnings: this.warnings,
      swap: async () => {
        await this.enter('swap', folder);
        if (!open) throw new BackupError('STAGING_FAILED', `${folder}: what was unpacked is gone`);
        close();
        const old = this.folders.get(folder);
        this.folders.set(folder, content);
        if (old === undefined) return { previous: undefined, warnings: [] };
        const previous = `${folder}/before-${(this.swaps += 1)}`;
        this.folders.set(previous, old);
        return { previous, warnings: [] };
      },
      discard: () => {
        this.calls.push({ operation: 'discard', folder });
        close();
        return Promise.resolve();
      },
    };
  }

  async listPrevious(folder: string): Promise<readonly KeptContent[]> {
    await this.enter('listPrevious', folder);
    return [...this.folders].flatMap(([name, { length: bytes }]) => {
      const timestamp = parseTimestamp(name.slice(`${folder}/before-`.length));
      return timestamp === undefined ? [] : { name, timestamp, bytes };
    });
  }

  async dropPrevious(previous: string): Promise<void> {
    await this.enter('dropPrevious', previous);
    this.folders.delete(previous);
  }

  private enter(operation: StagingOperation, folder: string): Promise<void> {
    this.calls.push({ operation, folder });
    const error = this.fault(operation);
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }
}
