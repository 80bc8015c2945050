import { abortedBy, throwIfAborted } from '@geolens/backup-core';

/** The content as it comes, until the signal fires: also while a chunk is waited for that may never come. */
export async function* untilAborted(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => undefined);
  const stop = (): void => {
    aborted.reject(abortedBy(signal));
  };
  throwIfAborted(signal);
  signal.addEventListener('abort', stop, { once: true });
  const chunks = content[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await Promise.race([chunks.next(), aborted.promise]);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    const left = chunks.return?.().catch(() => undefined);
    if (!signal.aborted) await left; // one that hangs answers nothing
  }
}
