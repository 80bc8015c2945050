import type { CommandContext } from '../services.ts';

/** Maximum time for an answer. Some questions are asked while the lock is held, and a run may be due. */
const ANSWER_MS = 10 * 60_000;

/**
 * Asks the operator. Returns `true` without a question if `yes` is set or there is no terminal, and `false`
 * if there is no answer in time.
 */
export async function confirmed(
  { io: { terminal }, signal }: Pick<CommandContext, 'io' | 'signal'>,
  question: string,
  yes: boolean,
): Promise<boolean> {
  if (yes || terminal === undefined) return true;
  const limit = AbortSignal.timeout(ANSWER_MS);
  try {
    const answer = await terminal.ask(`${question} [y/N] `, AbortSignal.any([signal, limit]));
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (limit.aborted && !signal.aborted) return false;
    throw error;
  }
}
