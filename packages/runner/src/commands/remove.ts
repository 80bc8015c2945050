import { BackupError, parseTimestamp, removeSet, type ArtifactKey, type Removal } from '@geolens/backup-core';
import { checkFolder } from '../config/check-folder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { confirmed } from '../present/confirm.ts';
import { bytesText, countText, jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

export interface RemoveFlags {
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly force: boolean;
  readonly json: boolean;
}

/** Implements `remove`: removes a set from the volume, in all its tiers. */
export async function remove(
  context: CommandContext,
  text: string,
  { dryRun, yes, force, json }: RemoveFlags,
): Promise<ExitCode> {
  const { config, services, io, signal } = context;
  const timestamp = parseTimestamp(text);
  if (timestamp === undefined)
    throw new BackupError('CONFIG_INVALID', `remove ${text}: this is not the timestamp of a set`, {
      hint: 'Give one as geolens-backup list shows it, for example 20261122_020000',
    });
  await checkFolder(config);
  const removed: ArtifactKey[] = [];
  const removal = await removeSet(services, {
    database: config.connection.database,
    now: services.clock.now(),
    ...{ timestamp, dryRun, force, signal },
    onRemoved: (key) => void removed.push(key),
    confirm: (planned) => confirmed(context, `${removalText(planned, 'will be removed')}Go on?`, yes),
  });
  io.stdout(
    json
      ? jsonText({ timestamp, remove: removal.remove, ...(!dryRun && { removed }) })
      : removalText(removal, dryRun ? 'would be removed' : 'is removed'),
  );
  return EXIT.done;
}

function removalText({ timestamp, remove: keys, bytes }: Removal, verb: string): string {
  return `set ${timestamp} ${verb} from the volume: ${countText(keys.length, 'file')}, ${bytesText(bytes)}\n${keys.map((key) => `  ${key}\n`).join('')}Copies in other stores stay.\n`;
}
