import type { BackupError } from '../base/errors.ts';

/**
 * What a look for the database server found: it `answers`, be it with a refusal; it says that it is
 * `starting`; or there is `nothing` that answers. The latter two may pass by themselves, and say what came of
 * the look.
 */
export type ServerState =
  | { readonly server: 'answers' }
  | { readonly server: 'starting' | 'nothing'; readonly error: BackupError };

/** Looks whether the database server is there. */
export interface ServerProbe {
  /** Takes seconds at most, and leaves nothing behind. Rejects only when the signal fires. */
  inspect(signal?: AbortSignal): Promise<ServerState>;
}
