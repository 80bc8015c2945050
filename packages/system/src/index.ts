/**
 * Child processes, durable files and a file lock, for adapters that use the programs and files of this machine.
 *
 * @module @geolens/backup-system
 */
export { lstatIfThere } from './files/lstat-if-there.ts';
export { readOwnFile } from './files/own-file.ts';
export { readFile } from './files/read-file.ts';
export { errnoOf, storeError, type StoreRoot } from './files/store-errors.ts';
export { flushFolder, textContent, writeDurably, type Written } from './files/write-durably.ts';
export { FlockLock, LOCK_NAME } from './lock/flock-lock.ts';
export { endedByOthers } from './process/ended-by-others.ts';
export { findProgram, isExecutable } from './process/find-program.ts';
export { lowerPriority, lowPriority, type Command } from './process/lower-priority.ts';
export {
  programBytes,
  programFed,
  programOutput,
  programText,
  type ProgramInput,
  type Judge,
} from './process/program-output.ts';
export {
  describeEnd,
  Program,
  type ProgramEnd,
  type ProgramEnvironment,
  type ProgramOptions,
} from './process/program.ts';
export { startProgram, type StartOptions } from './process/start-program.ts';
export { tailOf } from './process/tail-of.ts';
