import { constants, setPriority } from 'node:os';
import { findProgram } from './start-program.ts';
import { Program, type ProgramEnvironment } from './program.ts';

/** The idle class of ionice(1): disk access only while no other process wants it. */
const IDLE = '3';

/**
 * Gives this process, and the processes it starts later, low priority on the processor (nice) and the disk
 * (ionice). Changes nothing if the system lacks this feature or refuses it.
 */
export async function lowerPriority(env: ProgramEnvironment): Promise<void> {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
    await new Program('ionice', ['-c', IDLE, '-p', String(process.pid)], { env }).end();
  } catch {
    // Low priority is optional.
  }
}

/** A program with its arguments. */
export type Command = readonly [string, ...string[]];

/** Returns the command with low priority on the processor and the disk, if this machine supports it. */
export async function lowPriority(command: Command, env: ProgramEnvironment): Promise<Command> {
  const path = env['PATH'] ?? '';
  const [nice, ionice] = [await findProgram(['nice'], path), await findProgram(['ionice'], path)];
  const onDisk: Command = ionice === undefined ? command : [ionice, '-t', '-c', '2', '-n', '7', ...command];
  return nice === undefined ? onDisk : [nice, '-n', '10', ...onDisk];
}
