import { join } from 'node:path';
import { throwIfAborted, toBackupError, withoutMend, type DrillGround, type DrillOptions, type Rehearsal, type RestoreArtifact, type RestoreInput, type RestorerEvent } from '@geolens/backup-core';
import { readFile } from '../../store/local-draft.ts';
import { storeError } from '../../store/store-errors.ts';
import { writeDurably } from '../../store/write-durably.ts';
import { connect, disconnect } from '../connection.ts';
import { PgDumpRestorer } from '../restore/pg-dump-restorer.ts';
import { isDumpToBlame } from './blame.ts';
import type { DrillFolder } from './drill-folder.ts';
import { dumpVersions } from './dump-versions.ts';
import { look } from './look.ts';
import { namedFiles } from './named-files.ts';
import type { ScratchDrillOptions } from './scratch-drill.ts';
import { ScratchServer } from './scratch-server.ts';
import { serverFor, type ServerPrograms } from './server-programs.ts';
import type { ServerUser } from './server-user.ts';

/** The database that the dump would be restored as, were it restored to its end. */
const DATABASE = 'drill';

export interface GroundParts extends DrillOptions {
  readonly folder: DrillFolder;
  readonly user: ServerUser;
  readonly servers: readonly ServerPrograms[];
  readonly settings: ScratchDrillOptions;
}

/** The folder of a drill, and the server in it. */
export class ScratchGround implements DrillGround {
  private readonly parts: GroundParts;
  private server: ScratchServer | undefined;
  private step = 'scratch';

  constructor(parts: GroundParts) {
    this.parts = parts;
  }

  async keep(artifact: RestoreArtifact): Promise<RestoreArtifact> {
    const path = join(this.parts.folder.path, 'dump');
    try {
      const { bytes } = await writeDurably(path, artifact.open(), this.parts.signal);
      return { ...artifact, bytes, path, open: (range) => readFile(path, range) };
    } catch (error) {
      throwIfAborted(this.parts.signal);
      throw storeError(error, `keeping ${artifact.name}`, { path: this.parts.folder.path });
    }
  }

  async rehearse(input: RestoreInput): Promise<Rehearsal> {
    const { signal } = this.parts;
    try {
      const { servers, settings: { env } } = this.parts;
      const versions = await dumpVersions(input.dump, servers.at(-1)!, { env, signal });
      if (versions === undefined) return unprovable(`the dump was made by a newer pg_dump than the programs here (${servers.at(-1)!.version}) can read`);
      const programs = serverFor(versions.server, versions.client, servers);
      if (programs === undefined) return unprovable(`the dump is of PostgreSQL ${versions.server}, and this machine has ${servers.map(({ version }) => version).join(', ')}. Install the server of that version`);
      return await this.restore(input, programs);
    } catch (error) {
      throwIfAborted(signal);
      const failure = toBackupError(error);
      const problem = withoutMend(failure);
      return isDumpToBlame(failure, this.step) ? { outcome: 'failed', problem } : unprovable(problem);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server?.stop();
    await this.parts.folder.remove();
  }

  private async restore(input: RestoreInput, programs: ServerPrograms): Promise<Rehearsal> {
    const { folder, user: { user }, settings, signal } = this.parts;
    this.tell({ event: 'step', step: 'scratch' });
    this.server = await ScratchServer.start({ programs, folder: folder.path, user, env: settings.env, signal });
    const { connection } = this.server;
    const restorer = new PgDumpRestorer({ ...settings, connection, binDir: programs.folder });
    const session = await restorer.open(DATABASE, { exclusive: true, signal, observer: (event) => { this.tell(event); } });
    try {
      const { problems, warnings, serverVersion } = await session.examine(input, { kind: 'aside' });
      if (problems.length > 0) return unprovable(...problems);
      const { rows, notes } = await session.restoreAside(input);
      this.tell({ event: 'step', step: 'look' });
      const seen = await this.see();
      return { outcome: 'restored', rows, serverVersion, ...seen, facts: [...seen.facts, ...notes], warnings: [...withoutRoles(warnings), ...seen.warnings] };
    } finally {
      await session.close();
    }
  }

  private async see(): Promise<{ problems: readonly string[]; facts: readonly string[]; warnings: readonly string[]; files: readonly string[] | undefined }> {
    const { settings: { filesQuery }, signal } = this.parts;
    const connection = this.server!.connection;
    const leading = await connect(connection, signal);
    const { rows } = await leading.query<{ datname: string }>(`SELECT datname FROM pg_catalog.pg_database WHERE datname LIKE '${DATABASE}\\_restoring\\_%'`);
    await disconnect(leading);
    const client = await connect({ ...connection, database: rows[0]!.datname }, signal);
    const leave = (): void => void disconnect(client);
    signal.addEventListener('abort', leave, { once: true });
    try {
      const seen = await look(client);
      if (filesQuery === undefined) return { ...seen, files: undefined };
      const asked = await namedFiles(client, filesQuery);
      return 'problem' in asked ? { ...seen, problems: [...seen.problems, asked.problem], files: undefined } : { ...seen, files: asked.files };
    } finally {
      signal.removeEventListener('abort', leave);
      await disconnect(client);
    }
  }

  private tell(event: RestorerEvent): void {
    if (event.event === 'step') this.step = event.step;
    this.parts.observer?.(event);
  }
}

/** In a scratch server every role is missing. */
function withoutRoles(warnings: readonly string[]): readonly string[] {
  return warnings.filter((warning) => !warning.startsWith('roles that are missing are made'));
}

function unprovable(...reasons: readonly string[]): Rehearsal {
  return { outcome: 'unprovable', reasons };
}
