import type { BackupError } from '../base/errors.ts';

/**
 * State of the database server.
 *
 * - `answers`: it responds, possibly with a refusal;
 * - `starting`: it reports that it is starting;
 * - `nothing`: no server responds.
 *
 * The last two may pass by themselves; `error` has the cause.
 */
export type ServerState =
  | { readonly server: 'answers' }
  | { readonly server: 'starting' | 'nothing'; readonly error: BackupError };

/** Probes whether the database server is reachable. */
export interface ServerProbe {
  /** Takes at most a few seconds and leaves nothing behind. Rejects only when the signal fires. */
  inspect(signal?: AbortSignal): Promise<ServerState>;
}
