/**
 * Runs jobs concurrently. If one fails, aborts the others, waits for all, and throws the first failure. No
 * job is still running after the promise has settled.
 */
export async function sideBySide<T extends readonly unknown[]>(
  signal: AbortSignal | undefined,
  jobs: (signal: AbortSignal) => { [K in keyof T]: Promise<T[K]> },
): Promise<T> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const started = jobs(either);
  let failure: { readonly error: unknown } | undefined;
  const watched = started.map((job: Promise<unknown>) =>
    job.catch((error: unknown) => {
      failure ??= { error };
      stop.abort(error);
    }),
  );
  const results = await Promise.all(watched);
  if (failure !== undefined) throw failure.error;
  return results as unknown as T;
}
