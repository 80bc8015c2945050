import ky, { HTTPError, TimeoutError } from 'ky';
import { BackupError, type Secret } from '@geolens/backup-core';
import { percentDecoded } from '../config/read-proxy.ts';

interface Delivery {
  /** Variable that holds the URL, for messages. */
  readonly variable: string;
  readonly url: Secret;
  /** Appended to the path of the URL, such as `/start`. */
  readonly suffix?: string | undefined;
  readonly body: string;
  readonly contentType: string;
  readonly signal: AbortSignal;
}

const TRY_MS = 10_000;
const ALL_TRIES_MS = 30_000;
const RETRIES = 3;
/** Time limit of a delivery after the signal fires. Docker grants ten seconds in total. */
const LAST_MOMENT_MS = 2_000;

/**
 * Posts a body. Retries up to three times within 30 seconds if a retry can help.
 * @throws BackupError NOTIFICATION_FAILED if the delivery fails. It names only the variable and the host,
 *   because the rest of the URL is secret
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
      // The body holds names, numbers and log lines: send it only to the configured address.
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

/** Returns the variable and the host, which identify the target. */
export function placeOf(variable: string, url: Secret): string {
  return `${variable} (${new URL(url.reveal()).host})`;
}

/** Moves the name and the password of a URL into a header, because `fetch` rejects them in a URL. */
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
 * Returns the reason of a failed fetch from its chain of causes: a system code, or a message. If a proxy
 * refuses the connection, the code has no meaning, and the message of a cause has the reason.
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

/** Returns a signal that fires `LAST_MOMENT_MS` after the given one. `forget` cancels it. */
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
