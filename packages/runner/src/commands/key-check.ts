import { BackupError, checkKeys, isBackupError, withReason, type KeyCheck } from '@geolens/backup-core';
import { checkFolder } from '../config/check-folder.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { describeError, errorJson } from '../present/hints.ts';
import { logError } from '../present/logger.ts';
import { table } from '../present/table.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { recordKeyChecks } from '../status/key-checks.ts';
import { chooseStores } from './choose-stores.ts';

export interface KeyCheckFlags {
  readonly json: boolean;
  /** Name of a store, or `all`. */
  readonly store: string;
}

/** Implements `key check`: opens the newest encrypted set of each store with the given identities. */
export async function keyCheck(context: CommandContext, flags: KeyCheckFlags): Promise<ExitCode> {
  const { config, services, io, log, redact, signal } = context;
  const stores = chooseStores(services.stores, flags.store);
  const { readCipher: cipher, clock } = services;
  if (cipher === undefined || cipher.identities.length === 0)
    throw new BackupError('KEY_MISSING', 'there is no identity to check', withReason('identity-missing'));
  await checkFolder(config);
  const { database } = config.connection;
  const checks = await checkKeys(services, stores, { database, now: clock.now(), cipher, signal });
  if (checks.every(({ outcome }) => outcome === 'skipped'))
    throw new BackupError(
      'SET_NOT_FOUND',
      `there is no whole encrypted set of database "${database}" in ${stores.map(({ name }) => name).join(' and ')}`,
      { hint: 'Set BACKUP_AGE_RECIPIENTS, and make one: geolens-backup run' },
    );
  for (const { error } of checks) if (error !== undefined) logError(log, 'key.check_failed', error);
  await recordKeyChecks(
    context,
    checks.map(({ recipient }) => recipient),
  );
  const untested = cipher.identities.filter((one) => checks.every(({ recipient }) => recipient !== one));
  const report = { identities: cipher.identities, recipients: cipher.recipients, untested, checks };
  io.stdout(flags.json ? jsonText(reportJson(report, redact)) : redact(reportText(report, io.columns)));
  return exitCodeOfChecks(checks);
}

interface KeyCheckReport {
  /** Fingerprints of the given identities. */
  readonly identities: readonly string[];
  /** Fingerprints of the configured recipients. */
  readonly recipients: readonly string[];
  /** Identities that opened no set. */
  readonly untested: readonly string[];
  readonly checks: readonly KeyCheck[];
}

/** Returns the exit code. Damage takes precedence over an identity that opens nothing, and that over the rest. */
function exitCodeOfChecks(checks: readonly KeyCheck[]): ExitCode {
  const errors = checks.flatMap(({ error }) => error ?? []);
  if (errors.some((error) => isBackupError(error, 'ARTIFACT_UNREADABLE', 'MANIFEST_INVALID')))
    return EXIT.badArtifact;
  if (errors.length === 0) return EXIT.done;
  const opened = checks.some(({ outcome }) => outcome === 'passed');
  return !opened && errors.some((error) => isBackupError(error, 'KEY_MISSING'))
    ? EXIT.wrongInput
    : EXIT.partly;
}

const WORDS = {
  passed: 'passed',
  failed: 'FAILED',
  inconclusive: 'could not be read',
  skipped: 'no whole encrypted set',
} as const;

function reportText({ recipients, untested, checks }: KeyCheckReport, width?: number): string {
  const rows = checks.map(({ store, copy, recipient, outcome, error }) => [
    store,
    copy?.timestamp ?? '-',
    recipient ?? '-',
    [
      WORDS[outcome],
      ...(error === undefined ? [] : [describeError(error)]),
      ...formerText(recipients, recipient),
    ].join(': '),
  ]);
  const columns = [{ title: 'STORE' }, { title: 'SET' }, { title: 'KEY' }, { title: 'RESULT' }];
  const others =
    untested.length === 0 || checks.every(({ outcome }) => outcome !== 'passed')
      ? ''
      : `not tested: ${untested.join(', ')}. Check identities one at a time\n`;
  return `${table(columns, rows, width)}${others}`;
}

/** Returns that a key is not of a configured recipient. Empty if it is. */
function formerText(recipients: readonly string[], recipient: string | undefined): readonly string[] {
  return recipient === undefined || recipients.includes(recipient)
    ? []
    : ['it is of no recipient in BACKUP_AGE_RECIPIENTS, and opens older sets only'];
}

function reportJson(
  { identities, untested, checks }: KeyCheckReport,
  redact: CommandContext['redact'],
): Record<string, unknown> {
  const reported = errorJson(redact);
  return {
    identities,
    untested,
    stores: checks.map(({ store, copy, recipient, outcome, error }) => ({
      store,
      outcome,
      timestamp: copy?.timestamp,
      tier: copy?.stored?.set.tier,
      recipients: copy?.manifest?.encryption?.recipients,
      recipient,
      error: error && reported(error),
    })),
  };
}
