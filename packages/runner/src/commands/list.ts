import { readStores } from '@geolens/backup-core';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { logError } from '../present/logger.ts';
import { collectCopies, setListJson, setListText, type FoundSet } from '../present/set-list.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from '../config/check-folder.ts';
import { chooseStores } from './choose-stores.ts';

interface ListOptions {
  readonly json: boolean;
  /** Name of a store, or `all`. */
  readonly store: string;
}

/** Implements `list`: prints the sets in the stores. Continues if one of several stores cannot be read. */
export async function list(context: CommandContext, { json, store: wanted }: ListOptions): Promise<ExitCode> {
  const { config, services, io, log, signal } = context;
  const stores = chooseStores(services.stores, wanted);
  if (stores.includes(services.primary)) await checkFolder(config);
  const found: FoundSet[] = [];
  let exitCode: ExitCode = EXIT.done;
  for await (const answer of readStores(stores, { signal })) {
    if (answer.error === undefined) {
      found.push(...answer.sets.map((set) => ({ store: answer.store.name, set })));
      continue;
    }
    if (stores.length === 1) throw answer.error;
    logError(log, 'list.store_failed', answer.error);
    exitCode = EXIT.partly;
  }
  const now = services.clock.now();
  const listed = collectCopies(found);
  if (json) printJson(io, setListJson(listed, now));
  else io.stdout(setListText(listed, now, io.columns));
  return exitCode;
}

/** Prints one set after the other: all of a large store at once take hundreds of megabytes as text. */
function printJson(io: CommandContext['io'], sets: Iterable<Record<string, unknown>>): void {
  let separator = '[\n';
  for (const set of sets) {
    io.stdout(`${separator}${JSON.stringify(set, undefined, 2).replace(/^/gm, '  ')}`);
    separator = ',\n';
  }
  io.stdout(separator === '[\n' ? '[]\n' : '\n]\n');
}
