import type { CommandContext } from '../services.ts';

/** Asks the operator. Returns `true` without a question if `yes` is set or there is no terminal. */
export async function confirmed(
  { io: { terminal }, signal }: Pick<CommandContext, 'io' | 'signal'>,
  question: string,
  yes: boolean,
): Promise<boolean> {
  if (yes || terminal === undefined) return true;
  return /^y(es)?$/i.test((await terminal.ask(`${question} [y/N] `, signal)).trim());
}
