import type { Config } from '../config/config.ts';
import type { CommandContext } from '../services.ts';
import { listen } from './listen.ts';
import { statusApp } from './status-app.ts';
import { StatusKeeper } from './status-keeper.ts';

export interface StatusService {
  readonly url: string;
  /** Looks at the stores anew, beside what goes on: a run has changed them. */
  readonly refresh: () => void;
  readonly close: () => Promise<void>;
}

/**
 * Tells over HTTP how things stand, until it is closed.
 * @throws BackupError CONFIG_INVALID when the port cannot be had
 */
export async function serveStatus(
  context: CommandContext,
  { allowedHosts, ...at }: NonNullable<Config['http']>,
): Promise<StatusService> {
  const { log, redact } = context;
  const keeper = new StatusKeeper(context);
  const { url, close } = await listen(
    statusApp({ status: () => keeper.status(), log, redact, allowedHosts }),
    at,
  );
  log.info('http.listening', `how things stand is told at ${url}: /, /health, /metrics`, { url });
  const refresh = (): void => void keeper.refresh();
  refresh();
  return { url, refresh, close };
}
