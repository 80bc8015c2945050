/**
 * Child processes, durable files and a file lock, for adapters that use the programs and files of this machine.
 *
 * @module @geolens/backup-system
 */
export { readFile, readOwnFile } from './files/read-file.ts';
export { errnoOf, lstatIfThere, storeError, type StoreRoot } from './files/store-errors.ts';
export { flushFolder, textContent, writeDurably, type Written } from './files/write-durably.ts';
export { FlockLock, LOCK_NAME } from './lock/flock-lock.ts';
export { lowerPriority, lowPriority, type Command } from './process/lower-priority.ts';
export * from './process/program-output.ts';
export {
  describeEnd,
  endedByOthers,
  Program,
  tailOf,
  type ProgramEnd,
  type ProgramEnvironment,
  type ProgramOptions,
} from './process/program.ts';
export {
  findProgram,
  isExecutable,
  missing,
  startProgram,
  type StartOptions,
} from './process/start-program.ts';
