import { inspect } from 'node:util';

export { failure } from '../../../packages/system/test/support/failure.ts';

/** All that an error could be printed as, with everything that hangs on it. */
export function everyWordOf(error: Error): string {
  return [
    String(error),
    error.stack,
    JSON.stringify(error),
    inspect(error, { depth: null, showHidden: true }),
  ].join('\n');
}
