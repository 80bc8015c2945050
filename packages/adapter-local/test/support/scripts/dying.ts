/** Wraps calls so that this process ends by SIGKILL right after the n-th of them, whichever it is. */
export function dyingAfter(
  calls: number,
): <A extends unknown[], R>(call: (...args: A) => Promise<R>) => (...args: A) => Promise<R> {
  let left = calls;
  return (call) =>
    async (...args) => {
      const result = await call(...args);
      left -= 1;
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      return result;
    };
}
