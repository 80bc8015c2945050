import type { Drill, DrillGround, DrillNeeds, DrillOptions } from '@geolens/backup-core';
import { throwIfAborted } from '@geolens/backup-core';
import type { ProgramEnvironment } from '../../programs/program.ts';
import { findInstallations } from '../postgres-programs.ts';
import type { Prerequisites } from '../restore/prepare.ts';
import { makeDrillFolder, sweepDrillFolders, type DrillFolder } from './drill-folder.ts';
import { ScratchGround } from './scratch-ground.ts';
import { withServers } from './server-programs.ts';
import { serverUser } from './server-user.ts';

export interface ScratchDrillOptions {
  /** Folders to make scratch servers in: the first that has room, and lets the server's user in. */
  readonly folders: readonly string[];
  readonly binDir?: string | undefined;
  /** What programs get as their environment: PATH at least, and nothing that points to a server in use. */
  readonly env: ProgramEnvironment;
  /** As for a restore. */
  readonly prerequisites?: Partial<Prerequisites> | undefined;
  /** A query whose first column names files below the staging folder. */
  readonly filesQuery?: string | undefined;
  /** How many sessions restore at once; the number of processors of this machine when absent. */
  readonly jobs?: number | undefined;
}

/** What a database takes on the disk for each byte of its dump. */
const DATABASE_BYTES_PER_DUMP_BYTE = 4;

/** Indexes are built anew, and sorting them takes room too. */
const MARGIN = 1.2;

/** An empty cluster, with its log of changes. */
const CLUSTER_BYTES = 150_000_000;

const NO_USER_MEND = 'Install the PostgreSQL server here, or make that user';

/** Rehearses restores in a PostgreSQL server of its own making, on a Unix socket in a folder that nobody else may enter. */
export class ScratchDrill implements Drill {
  private readonly options: ScratchDrillOptions;

  constructor(options: ScratchDrillOptions) {
    this.options = options;
  }

  async open(needs: DrillNeeds, options: DrillOptions): Promise<DrillGround | { readonly unprovable: readonly string[] }> {
    throwIfAborted(options.signal);
    const { folders, env } = this.options;
    const user = await serverUser();
    if (user === undefined) return { unprovable: [`a PostgreSQL server does not run as root, and this machine has no user postgres to run it as. ${NO_USER_MEND}`] };
    const servers = await withServers(await findInstallations(this.options));
    if (servers.length === 0) return { unprovable: ['no PostgreSQL server is installed on this machine (initdb, postgres). Install it, or use the image that has it'] };
    const bytes = (needs.databaseBytes ?? needs.dumpBytes * DATABASE_BYTES_PER_DUMP_BYTE) * MARGIN + needs.keptBytes + CLUSTER_BYTES;
    const refusals: string[] = [];
    for (const parent of folders) {
      const folder: DrillFolder | string = await makeDrillFolder(parent, bytes, { serverUser: user, env });
      if (typeof folder !== 'string') return new ScratchGround({ folder, user, servers, settings: this.options, ...options });
      refusals.push(folder);
    }
    return { unprovable: refusals };
  }

  async sweep(): Promise<readonly string[]> {
    const user = await serverUser();
    if (user === undefined) return [];
    const swept: string[] = [];
    for (const parent of new Set(this.options.folders)) swept.push(...(await sweepDrillFolders(parent, { serverUser: user, env: this.options.env })));
    return swept;
  }
}
