import { toBackupError, type JournalState } from '@geolens/backup-core';
import { countText } from '../present/units.ts';
import type { CommandContext } from '../services.ts';

/** Number of days after which the identity of a recipient has to be checked again. */
export const KEY_CHECK_DAYS = 180;

const DAY_MS = 86_400_000;

/** When the identity of a recipient was last checked. */
export interface RecipientCheck {
  /** Fingerprint. */
  readonly recipient: string;
  /** `undefined` if it never was. */
  readonly checkedAt: Date | undefined;
  /** `never checked`, or `checked 3 days ago`. */
  readonly text: string;
  /** Whether it has to be checked. */
  readonly isDue: boolean;
}

/** Returns when the identity of each recipient last opened a set. An operator may have edited the journal. */
export function recipientChecks(
  recipients: readonly string[],
  { keyChecks }: JournalState,
  now: Date,
): readonly RecipientCheck[] {
  const known = timesIn(keyChecks);
  return recipients.map((recipient) => {
    const time = known.get(recipient);
    if (time === undefined) return { recipient, checkedAt: undefined, text: 'never checked', isDue: true };
    const days = Math.max(0, Math.floor((now.getTime() - time) / DAY_MS));
    const text = days === 0 ? 'checked today' : `checked ${countText(days, 'day')} ago`;
    return { recipient, checkedAt: new Date(time), text, isDue: days > KEY_CHECK_DAYS };
  });
}

/**
 * Records that identities have opened a set, each by the fingerprint of its recipient. Keeps the times of the
 * configured recipients alone. Logs a failure: the result of the command stays valid.
 */
export async function recordKeyChecks(
  { services, log }: Pick<CommandContext, 'services' | 'log'>,
  opened: readonly (string | undefined)[],
): Promise<void> {
  const { readCipher, journal, clock } = services;
  const recipients = readCipher?.recipients ?? [];
  if (!recipients.some((recipient) => opened.includes(recipient))) return;
  try {
    const known = timesIn((await journal.read()).keyChecks);
    const now = clock.now().getTime();
    const times = recipients.map((one) => [one, opened.includes(one) ? now : known.get(one)] as const);
    const keyChecks = Object.fromEntries(
      times.flatMap(([one, time]) => (time === undefined ? [] : [[one, new Date(time).toISOString()]])),
    );
    await journal.update({ keyChecks });
  } catch (error) {
    log.warn('key.not_recorded', `the check of the key is not recorded: ${toBackupError(error).message}`);
  }
}

function timesIn(keyChecks: unknown): Map<string, number> {
  const entries = typeof keyChecks === 'object' && keyChecks !== null ? Object.entries(keyChecks) : [];
  return new Map(
    entries
      .map(([recipient, at]): [string, number] => [recipient, Date.parse(String(at))])
      .filter(([, time]) => Number.isFinite(time)),
  );
}
