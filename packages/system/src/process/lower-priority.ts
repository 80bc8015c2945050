import { constants, setPriority } from 'node:os';
import { findProgram } from './start-program.ts';
import { Program, type ProgramEnvironment } from './program.ts';

/** The class of ionice(1) whose members get what no other process wants. */
const IDLE = '3';

/**
 * Makes this process, and what it starts from now on, give way to others: on the processor (nice) and on the
 * disk (ionice). Where the system has no such thing, or does not allow it, all stays as it is: it is a
 * courtesy.
 */
export async function lowerPriority(env: ProgramEnvironment): Promise<void> {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    await new Program('ionice', ['-c', IDLE, '-p', String(process.pid)], { env }).end();
  } catch {
    // See above.
  }
}

/** A program with its arguments. */
export type Command = readonly [string, ...string[]];

/** Returns the command with low priority on the processor and on the disk, as far as this machine has it. */
export async function lowPriority(command: Command, env: ProgramEnvironment): Promise<Command> {
  const path = env['PATH'] ?? '';
  const [nice, ionice] = [await findProgram(['nice'], path), await findProgram(['ionice'], path)];
  const onDisk: Command = ionice === undefined ? command : [ionice, '-t', '-c', '2', '-n', '7', ...command];
  return nice === undefined ? onDisk : [nice, '-n', '10', ...onDisk];
}
