import type { RestoreArtifact, RestoreSource } from '../restore/restore-source.ts';

/** Dumps and archives that people have as files, wherever these lie. Fails with CONFIG_INVALID when there is no such file. */
export interface FileSources {
  /** A dump under any name. Where it has the name that a run gives, the manifest, globals and archive of that run beside it belong to it. */
  dump(path: string): Promise<RestoreSource>;
  /** A staging archive. */
  archive(path: string): Promise<RestoreArtifact>;
}
