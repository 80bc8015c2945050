import type { RestoreFlags } from '../../src/commands/restore.ts';

/** Flags of `restore --yes --json`, with the defaults of the command line. */
export const RESTORE_FLAGS: RestoreFlags = {
  inPlace: false,
  table: [],
  schema: [],
  withDependents: false,
  staging: true,
  dropPrevious: false,
  dryRun: false,
  yes: true,
  force: false,
  allowPrivilegedRoles: false,
  keepGoing: false,
  json: true,
};
