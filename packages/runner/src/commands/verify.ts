import { resolve } from 'node:path';
import {
  BackupError,
  parseTimestamp,
  selectSets,
  recipientOf,
  TO_VERIFY,
  throwIfAborted,
  verify as verifyCopies,
  type SelectedSets,
  type VerifyReport,
} from '@geolens/backup-core';
import { isBadCopy } from '@geolens/backup-core/internal';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { logCleanedUp } from '../present/logger.ts';
import { logVerification, logVerifyReport } from '../present/log-verify.ts';
import { describeError } from '../present/hints.ts';
import { verifyReportJson, verifyReportText } from '../present/verify-report.ts';
import { jsonText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';
import { recordKeyChecks } from '../status/key-checks.ts';
import { reported } from './reported.ts';
import { checkFolder } from '../config/check-folder.ts';
import { chooseStores } from './choose-stores.ts';

export interface VerifyFlags {
  readonly restore: boolean;
  readonly all: boolean;
  readonly store: string;
  readonly maxRate?: string;
  readonly json: boolean;
}

const MEGABYTE = 1_000_000;

/** Default read rate of `--all` in megabytes per second. Leaves most of the disk to the database. */
const RATE_OF_ALL = 50;

/**
 * Implements `verify`: reads sets from the first to the last byte. With `--restore`, also runs a restore test
 * in a temporary server.
 */
export async function verify(context: CommandContext, what: string, flags: VerifyFlags): Promise<ExitCode> {
  const { config, services, io, redact } = context;
  const bytesPerSecond = rateOf(flags);
  const stores = chooseStores(services.stores, flags.store);
  if (flags.all && what !== 'latest')
    throw new BackupError('CONFIG_INVALID', `--all verifies every set, and ${what} is one of them`, {
      hint: 'Leave one of the two out',
    });
  if (isOfSet(what) && stores.includes(services.primary)) await checkFolder(config);
  if (flags.all) await services.lowerPriority();
  const report = await loggedVerification(context, await find(context, what, flags), {
    restore: flags.restore,
    bytesPerSecond,
  });
  io.stdout(
    flags.json
      ? jsonText(verifyReportJson(report, redact))
      : redact(verifyReportText(report, flags.all, io.columns)),
  );
  return exitCodeOfVerification(report);
}

/**
 * Returns the exit code of a verification. Damage takes precedence over failed restore tests, and those over
 * incomplete work. Skipped copies were removed during the verification. If all were, their store has
 * disappeared.
 */
export function exitCodeOfVerification({ copies, errors }: VerifyReport): ExitCode {
  const outcomes = new Set(copies.map(({ outcome }) => outcome));
  if (copies.some(isBadCopy)) return EXIT.badArtifact;
  if (outcomes.has('failed')) return EXIT.restoreTestFailed;
  if (copies.length > 0 && copies.every(({ error, outcome }) => error !== undefined || outcome === 'skipped'))
    return EXIT.failed;
  return outcomes.has('inconclusive') || errors.length > 0 ? EXIT.partly : EXIT.done;
}

/**
 * Verifies copies and logs the steps and the outcome. First cleans up after killed restore tests, even if no
 * restore test is requested.
 */
export async function loggedVerification(
  context: CommandContext,
  { copies, notes, errors }: SelectedSets,
  request: { readonly restore: boolean; readonly bytesPerSecond?: number | undefined },
): Promise<VerifyReport> {
  const { services, log, io, signal } = context;
  if (request.restore) await services.checkAssertions();
  for (const note of notes) log.warn('verify.note', note);
  await cleanUpRestoreTests(context);
  try {
    const work = (): Promise<VerifyReport> =>
      verifyCopies(services, { copies, ...request }, { signal, observer: logVerification(log, io.terminal) });
    const done = await (request.restore ? reported(context, 'restore-test', work) : work());
    const report = { ...done, notes: [...notes, ...done.notes], errors: [...errors, ...done.errors] };
    for (const note of done.notes) log.warn('verify.note', note);
    logVerifyReport(log, report);
    await recordTestedKeys(context, report);
    return report;
  } finally {
    io.terminal?.status('');
  }
}

/** Records which identities have decrypted a set for a restore test that passed. */
async function recordTestedKeys(context: CommandContext, { copies }: VerifyReport): Promise<void> {
  const { readCipher } = context.services;
  const tested = copies.filter(
    ({ outcome, restoreTest }) => outcome === 'passed' && restoreTest !== undefined,
  );
  await recordKeyChecks(
    context,
    tested.map(({ copy }) => readCipher && recipientOf(readCipher, copy.manifest?.encryption)),
  );
}

async function cleanUpRestoreTests({
  services: { restoreTest },
  log,
  signal,
}: CommandContext): Promise<void> {
  try {
    logCleanedUp(log, await restoreTest.cleanUp({ signal }));
  } catch (error) {
    throwIfAborted(signal);
    log.warn(
      'verify.sweep',
      `what earlier restore tests left over could not be removed: ${describeError(error)}`,
    );
  }
}

async function find(
  { services, config, signal }: CommandContext,
  what: string,
  flags: VerifyFlags,
): Promise<SelectedSets> {
  const { database } = config.connection;
  const stores = chooseStores(services.stores, flags.store);
  const timestamp = parseTimestamp(what);
  if (!isOfSet(what))
    return {
      copies: [await services.files.dump(await services.files.dumpOf(resolve(what)))],
      notes: [],
      errors: [],
    };
  return selectSets(
    stores,
    {
      wanted: flags.all ? 'all' : (timestamp ?? 'latest'),
      database,
      now: services.clock.now(),
      cipher: services.readCipher,
      signal,
    },
    TO_VERIFY,
  );
}

/** Returns whether the argument names a set. Otherwise it is a path, which does not need the volume. */
function isOfSet(what: string): boolean {
  return what === 'latest' || parseTimestamp(what) !== undefined;
}

function rateOf({ maxRate, all }: VerifyFlags): number | undefined {
  if (maxRate === undefined) return all ? RATE_OF_ALL * MEGABYTE : undefined;
  const megabytes = Number(maxRate);
  if (!(megabytes >= 0) || maxRate.trim() === '')
    throw new BackupError('CONFIG_INVALID', `--max-rate ${maxRate} is not a number of megabytes`);
  return megabytes === 0 ? undefined : megabytes * MEGABYTE;
}
