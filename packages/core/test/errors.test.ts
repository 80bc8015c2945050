import { describe, expect, it } from 'vitest';
import {
  abortedBy,
  BackupError,
  ERROR_REASONS,
  errorText,
  isBackupError,
  throwIfAborted,
  toBackupError,
  withReason,
} from '../src/index.ts';

describe('errors', () => {
  it('carry code, details, hint and cause beside the message', () => {
    const cause = new Error('ENOSPC');
    const details = { reason: 'volume-full' } as const;
    const hint = 'Free some space';
    const error = new BackupError('STORE_FULL', 'the volume is full', { details, hint, cause });
    expect(error).toMatchObject({ message: 'the volume is full', code: 'STORE_FULL', details, hint, cause });
    expect(errorText(error)).toBe('the volume is full. Free some space');
    expect(errorText(cause)).toBe('ENOSPC');
    expect(new BackupError('STORE_FULL', 'x').details).toEqual({});
    expect(new BackupError('STORE_FULL', 'x', withReason('volume-full')).hint).toBe(
      ERROR_REASONS['volume-full'],
    );
    expect(Object.hasOwn(new BackupError('STORE_FULL', 'x'), 'cause')).toBe(false);
  });

  it('are told apart by code', () => {
    const error = new BackupError('STORE_FULL', 'x');
    expect([
      isBackupError(error),
      isBackupError(error, 'LOCK_HELD', 'STORE_FULL'),
      isBackupError(error, 'LOCK_HELD'),
      isBackupError(new Error('x')),
    ]).toEqual([true, true, false, false]);
  });

  it('of others become UNEXPECTED, those of an abort ABORTED, ours stay', () => {
    const ours = new BackupError('STORE_FULL', 'x');
    expect(toBackupError(ours)).toBe(ours);
    expect(toBackupError('text')).toMatchObject({ code: 'UNEXPECTED', message: 'text', cause: 'text' });
    expect(toBackupError(AbortSignal.abort().reason)).toMatchObject({ code: 'ABORTED' });
  });

  it('of a signal are its reason when that is ours', () => {
    const reason = new BackupError('ABORTED', 'SIGTERM');
    expect(abortedBy(AbortSignal.abort(reason))).toBe(reason);
    expect(abortedBy(AbortSignal.abort('why'))).toMatchObject({ code: 'ABORTED', cause: 'why' });
    expect(() => {
      throwIfAborted(AbortSignal.abort(reason));
    }).toThrow(reason);
    expect(() => {
      throwIfAborted(undefined);
    }).not.toThrow();
  });
});
