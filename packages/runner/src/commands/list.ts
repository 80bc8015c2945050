import { BackupError, newestFirst, readSets } from '@geolens/backup-core';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { setListJson, setListText, type FoundSet } from '../report/set-list.ts';
import type { CommandContext } from '../services.ts';
import { checkFolder } from './check-folder.ts';

export interface ListOptions {
  readonly json: boolean;
  /** The name of a store, or `all`. */
  readonly store: string;
}

/** `list`: the sets in the stores, as the stores have them now. */
export async function list({ config, services, io, signal }: CommandContext, { json, store: wanted }: ListOptions): Promise<ExitCode> {
  await checkFolder(config);
  const stores = services.stores.filter(({ name }) => wanted === 'all' || wanted === name);
  if (stores.length === 0) {
    const names = services.stores.map(({ name }) => name).join(', ');
    throw new BackupError('CONFIG_INVALID', `--store ${wanted}: no such store is configured`, { mend: `Choose one of ${names}, all` });
  }
  const found: FoundSet[] = [];
  for (const store of stores) {
    for (const set of await readSets(store, { signal })) found.push({ store: store.name, set });
  }
  found.sort((one, other) => newestFirst(one.set, other.set));
  const now = services.clock.now();
  io.stdout(json ? `${JSON.stringify(setListJson(found, now), undefined, 2)}\n` : setListText(found, now));
  return EXIT.done;
}
