import ky, { HTTPError, TimeoutError } from 'ky';
import { BackupError, type Secret } from '@geolens/backup-core';
import { percentDecoded } from '../config/read-proxy.ts';

interface Delivery {
  /** The variable that the URL is from, for messages. */
  readonly variable: string;
  readonly url: Secret;
  /** Stands behind the path of the URL: `/start`. */
  readonly suffix?: string | undefined;
  readonly body: string;
  readonly contentType: string;
  readonly signal: AbortSignal;
}

const TRY_MS = 10_000;
const ALL_TRIES_MS = 30_000;
const RETRIES = 3;
/** So long a delivery may go on once the process was asked to end; Docker grants ten seconds in all. */
const LAST_MOMENT_MS = 2_000;

/**
 * Posts something, up to four times within half a minute where trying again may help.
 * @throws BackupError NOTIFICATION_FAILED, which names the variable and the host: what else stands in the URL
 * is a secret
 */
export async function deliver(delivery: Delivery): Promise<void> {
  const { variable, url, suffix = '', body, contentType, signal } = delivery;
  const { target, authorization } = addressOf(url, suffix);
  const last = lastMoment(signal);
  try {
    const response = await ky(target, {
      method: 'post',
      body,
      headers: {
        'content-type': contentType,
        'user-agent': 'geolens-backup',
        ...(authorization !== undefined && { authorization }),
      },
      // The body holds names, numbers and log lines: it goes to the address that was set, and to no other.
      redirect: 'manual',
      timeout: TRY_MS,
      totalTimeout: ALL_TRIES_MS,
      retry: {
        limit: RETRIES,
        methods: ['post'],
        retryOnTimeout: true,
        backoffLimit: TRY_MS / 2,
        maxRetryAfter: TRY_MS,
      },
      signal: last.signal,
    });
    await response.body?.cancel();
  } catch (error) {
    throw new BackupError('NOTIFICATION_FAILED', `${placeOf(variable, url)} ${saidBy(error, last.signal)}`, {
      cause: error,
      hint: `Check ${variable}, and whether this machine reaches it`,
    });
  } finally {
    last.forget();
  }
}

/** The variable and the host: enough to know which one is meant. */
export function placeOf(variable: string, url: Secret): string {
  return `${variable} (${new URL(url.reveal()).host})`;
}

/** A name and password in a URL become a header: fetch refuses them where they stand. */
function addressOf(url: Secret, suffix: string): { target: URL; authorization: string | undefined } {
  const target = new URL(url.reveal());
  const { username, password } = target;
  if (suffix !== '') target.pathname = `${target.pathname.replace(/\/+$/, '')}${suffix}`;
  target.username = target.password = '';
  const credentials = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return {
    target,
    authorization: username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
  };
}

function saidBy(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'did not answer before the process had to end';
  if (error instanceof HTTPError) {
    const { status } = error.response;
    return `answered with ${status}${status >= 300 && status < 400 ? ', a redirect, which is not followed' : ''}`;
  }
  if (error instanceof TimeoutError) return 'did not answer in time';
  return `could not be reached (${reasonOf(error)})`;
}

/**
 * Returns the reason of a failed fetch. It is in the cause of the cause: a code of the system, or a message.
 * A proxy that refuses has a message behind a code without meaning.
 */
function reasonOf(error: unknown): string {
  let reason = String(error);
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && cause.code !== 'UND_ERR_ABORTED')
      return cause.code;
    if (cause.message !== '') reason = cause.message;
  }
  return reason;
}

/** Fires a moment after the signal does. */
function lastMoment(signal: AbortSignal): { readonly signal: AbortSignal; forget(): void } {
  const last = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => {
      last.abort();
    }, LAST_MOMENT_MS);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  const forget = (): void => {
    signal.removeEventListener('abort', begin);
    clearTimeout(timer);
  };
  return { signal: last.signal, forget };
}
