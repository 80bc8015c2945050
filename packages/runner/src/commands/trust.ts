import { BackupError, type StoredSet } from '@geolens/backup-core';
import { signSets } from '@geolens/backup-core/internal';
import { checkFolder } from '../config/check-folder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { confirmed } from '../present/confirm.ts';
import { table } from '../present/table.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

export interface TrustFlags {
  readonly before: string;
  readonly yes: boolean;
  readonly json: boolean;
}

const DATE = /^\d{4}-\d\d-\d\d$/;

/** Implements `trust`: signs the sets of before the signing key. */
export async function trust(context: CommandContext, { before, yes, json }: TrustFlags): Promise<ExitCode> {
  const { config, services, io, signal } = context;
  const { signer, stores, lock } = services;
  const date = DATE.test(before) ? Date.parse(`${before}T00:00:00Z`) : NaN;
  if (Number.isNaN(date))
    throw new BackupError('CONFIG_INVALID', `--before ${before} is not a date such as 2026-11-29`);
  if (signer === undefined)
    throw new BackupError('CONFIG_INVALID', 'there is no key to sign with', {
      hint: 'Set BACKUP_SIGNING_KEY_FILE: geolens-backup key generate --signing prints a key',
    });
  await checkFolder(config);
  const request = { stores, database: config.connection.database, before: new Date(date), signer };
  const signed = await signSets(
    lock,
    {
      ...request,
      confirm: (sets) => confirmed(context, `${setsText(sets)}Are all of these yours? Sign them?`, yes),
    },
    { signal },
  );
  const rows = signed.map(({ store, set: { timestamp, tier } }) => ({ store: store.name, timestamp, tier }));
  io.stdout(json ? jsonText({ signed: rows }) : setsText(signed, 'signed'));
  return EXIT.done;
}

function setsText(sets: readonly StoredSet[], result?: string): string {
  if (sets.length === 0) return 'every set of before this date is signed\n';
  return table(
    [
      { title: 'SET' },
      { title: 'TIER' },
      { title: 'STORE' },
      ...(result === undefined ? [] : [{ title: 'RESULT' }]),
    ],
    sets.map(({ store, set: { timestamp, tier } }) => [
      timestamp,
      tier,
      store.name,
      ...(result === undefined ? [] : [result]),
    ]),
  );
}
