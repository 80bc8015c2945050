import { toBackupError, type Notification } from '@geolens/backup-core';
import { describeError } from '../present/hints.ts';
import type { CommandContext } from '../services.ts';

/**
 * Tells everybody, at the same time. Whom it does not reach is in the log, and changes nothing else.
 * @returns whether all were told
 */
export async function notify(
  { services, log, redact, signal }: Pick<CommandContext, 'services' | 'log' | 'redact' | 'signal'>,
  notification: Notification,
): Promise<boolean> {
  const clean = {
    ...notification,
    title: redact(notification.title),
    text: redact(notification.text),
    log: redact(notification.log),
  };
  const reported = services.notifiers.map(async (notifier) => {
    try {
      await notifier.notify(clean, { signal });
      return true;
    } catch (error) {
      const { code } = toBackupError(error);
      log.warn('notification.failed', describeError(error), { notifier: notifier.name, code });
      return false;
    }
  });
  return !(await Promise.all(reported)).includes(false);
}
