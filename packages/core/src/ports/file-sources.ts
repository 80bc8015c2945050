import type { RestoreArtifact } from './restore-artifact.ts';
import type { RestoreSource } from '../restore/restore-source.ts';

/**
 * Dumps and archives that people have as files, wherever these lie. Fails with CONFIG_INVALID when there is
 * no such file.
 */
export interface FileSources {
  /**
   * A dump under any name. Where it has the name that a run gives, the manifest, globals and archive of that
   * run beside it belong to it.
   */
  dump(path: string): Promise<RestoreSource>;
  /**
   * The dump that a file goes with: another artifact of its run is beside it; whatever else is its own. Fails
   * with CONFIG_INVALID when there is no dump beside such an artifact.
   */
  dumpOf(path: string): Promise<string>;
  /** A staging archive. */
  archive(path: string): Promise<RestoreArtifact>;
}
