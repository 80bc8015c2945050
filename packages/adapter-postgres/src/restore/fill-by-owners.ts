import type { RestoreJob } from './session-parts.ts';
import { attachPartition } from './attach-partition.ts';
import { exposureOf, schemasIn, usesOf, type Exposure } from './exposure.ts';
import { executeEach } from './execute.ts';
import { extensionRowsIn } from './extension-rows.ts';
import { GIVES_RIGHTS, LentTables, namedIn } from './lent-tables.ts';
import { OwnerLogins } from './owner-logins.ts';
import { rightsStatements, type Rights } from './rights/rights.ts';
import { executeEntry, restoreEntries, type EntriesRequest } from './run-entries.ts';
import { makingOnly, withPrivileges, type NeededPrivilege } from './privileges-for-a-time.ts';
import type { TocEntry } from './toc/toc.ts';
import { TurnsByOwner, type Batch } from './turns-by-owner.ts';
import { validateConstraints } from './validate-constraints.ts';

export interface ByOwnersRequest extends Pick<EntriesRequest, 'entries' | 'args' | 'passOver' | 'onError'> {
  /** Owners that are not superusers. */
  readonly unprivileged: ReadonlySet<string>;
  readonly rights: Rights | undefined;
  readonly withRows: boolean;
  /** Loads the rows of extension tables. Defaults to the way of other tables. */
  readonly loadExtensionRows?: ((entries: readonly TocEntry[]) => Promise<void>) | undefined;
}

/** Matches privileges that decide which code a role can call. Privileges on tables follow the rows. */
const ON_CODE =
  /^(?:GRANT|REVOKE) .+? ON (?:SCHEMA|TYPE|DOMAIN|LANGUAGE|FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|FOREIGN DATA WRAPPER|FOREIGN SERVER) /su;

/**
 * Restores entries so that PostgreSQL evaluates each role's expressions as that role, over its own login.
 * PostgreSQL evaluates expressions when rows are loaded, constraints validated and partitions attached.
 */
export async function fillByOwners(job: RestoreJob, target: string, request: ByOwnersRequest): Promise<void> {
  const { unprivileged } = request;
  await using logins = new OwnerLogins({ ...job, target, unprivileged });
  await new ByOwners(job, target, request, logins).fill();
}

class ByOwners {
  private readonly job: RestoreJob;
  private readonly target: string;
  private readonly request: ByOwnersRequest;
  private readonly logins: OwnerLogins;
  private readonly turns: TurnsByOwner;
  private readonly exposure: Exposure;
  private readonly lent: LentTables;
  /** Whether all roles may call some routines until these get the privileges of the set. */
  private isOpen = true;

  constructor(job: RestoreJob, target: string, request: ByOwnersRequest, logins: OwnerLogins) {
    this.job = job;
    this.target = target;
    this.request = request;
    this.logins = logins;
    const { entries } = job.toc;
    this.exposure = exposureOf(entries, request.unprivileged);
    this.turns = new TurnsByOwner(entries, request.unprivileged, this.exposure.tables);
    this.lent = new LentTables(job.server, target, logins, this.exposure);
  }

  async fill(): Promise<void> {
    const { job, request } = this;
    const { entries, withRows } = request;
    await this.make(
      entries.filter(({ section }) => section === 'pre-data'),
      1,
    );
    await this.closeRoutines();
    await this.lent.lend(entries);
    await withPrivileges(job.server, this.target, this.needed(), async () => {
      if (withRows) await this.load();
      await this.make(
        entries.filter(({ section }) => section === 'post-data' || section === 'none'),
        job.sessions,
      );
    });
    await this.lent.giveBack();
  }

  /** Creates objects, in the order of the dump. */
  private async make(entries: readonly TocEntry[], sessions: number): Promise<void> {
    const { job, target, logins } = this;
    const { onError } = this.request;
    const before: TocEntry[] = [];
    for (const batch of this.turns.batchesOf(entries)) {
      if (batch.turn !== 'restorer') await this.closeRoutines();
      if (batch.turn === 'attach') await this.lent.lend(before);
      if (batch.turn === 'owner') await this.makeAsOwner(batch, before);
      else if (batch.turn === 'validate')
        await validateConstraints(job, target, { logins, entries: batch.entries, onError });
      else if (batch.turn === 'attach') await this.attach(batch.entries);
      else {
        this.isOpen ||= batch.entries.some(({ definition }) => GIVES_RIGHTS.test(definition));
        await this.restore({ entries: batch.entries, sessions });
      }
      before.push(...batch.entries);
    }
  }

  /** Creates objects as their owner, which may lack a privilege that it had originally. */
  private async makeAsOwner({ owner, entries }: Batch, before: readonly TocEntry[]): Promise<void> {
    const { job, target, logins } = this;
    const role = owner ?? (await logins.neutral());
    if (owner === undefined) await this.lent.allow(before);
    const schemas = entries.flatMap(({ schema }) => schema ?? []);
    const wanted: readonly NeededPrivilege[] = [
      ...schemas.map((on) => ({ role, privilege: 'CREATE' as const, on })),
      ...[...schemas, ...entries.flatMap(schemasIn)].map((on) => ({ role, privilege: 'USAGE' as const, on })),
    ];
    const as = await logins.actingAs(role);
    const making = (): Promise<void> => this.restore({ entries, sessions: 1, as });
    await withPrivileges(job.server, target, wanted, (granted) => {
      const foreign = granted.filter(({ privilege }) => privilege === 'CREATE').map(({ on }) => on);
      const names = entries.map(({ name }) => name.split('(')[0] ?? '');
      return foreign.length === 0
        ? making()
        : makingOnly(job.server, target, { schemas: foreign, names }, making);
    });
  }

  /** Attaches partitions. The owner of one table may lack a privilege on the schema of the other. */
  private async attach(entries: readonly TocEntry[]): Promise<void> {
    const { job, target, logins, request } = this;
    const byId = new Map(this.job.toc.entries.map((entry) => [entry.id, entry]));
    const wanted = entries.flatMap(({ dependencies }) => {
      const of = dependencies.flatMap((id) => byId.get(id) ?? []);
      return of.flatMap(({ owner }) =>
        logins.covers(owner)
          ? of.map(({ schema: on = '' }) => ({ role: owner, privilege: 'USAGE' as const, on }))
          : [],
      );
    });
    await withPrivileges(job.server, target, wanted, () =>
      job.server.within(target, 'attaching partitions', async (client) => {
        for (const entry of entries)
          await executeEntry(entry, attachPartition(client, logins, entry), request.onError);
      }),
    );
  }

  /** Loads rows as the owner of their table; first those of extension tables, by one session. */
  private async load(): Promise<void> {
    const { job, logins, request, exposure } = this;
    const ofExtensions = extensionRowsIn(request.entries);
    if (request.loadExtensionRows !== undefined) await request.loadExtensionRows(ofExtensions);
    else await this.restore({ entries: ofExtensions, sessions: 1 });
    const lent = new Set([...exposure.tables].map(({ oid }) => oid));
    const actors = new Map<string | undefined, TocEntry[]>();
    for (const entry of request.entries) {
      if (entry.section !== 'data' || ofExtensions.includes(entry)) continue;
      const isRows = entry.kind === 'TABLE DATA';
      const owner = isRows && logins.covers(entry.owner) ? entry.owner : undefined;
      const actor = isRows && lent.has(entry.oid) ? await logins.neutral() : owner;
      const group = actors.get(actor);
      if (group === undefined) actors.set(actor, [entry]);
      else group.push(entry);
    }
    for (const [actor, entries] of actors)
      await this.restore({
        entries,
        sessions: job.sessions,
        as: actor === undefined ? undefined : await logins.actingAs(actor),
      });
  }

  /** Returns privileges that owners need to load their rows, and PostgreSQL needs to build their indexes. */
  private needed(): readonly NeededPrivilege[] {
    const uses = usesOf(this.job.toc.entries);
    return this.request.entries
      .filter(({ owner }) => this.logins.covers(owner))
      .flatMap((entry) => {
        const { owner: role, schema } = entry;
        const routines = [...uses(entry)].filter(
          ({ kind, definition }) => /^(?:FUNCTION|AGGREGATE)$/.test(kind) && !GIVES_RIGHTS.test(definition),
        );
        return [
          ...(schema === undefined ? [] : [{ role, privilege: 'USAGE' as const, on: schema }]),
          ...routines.map((routine) => ({ role, privilege: 'EXECUTE' as const, on: namedIn(routine) })),
        ];
      });
  }

  /** Applies the set's privileges to routines and schemas: other roles' code may call no more than before. */
  private async closeRoutines(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { rights } = this.request;
    const grants = rights === undefined ? [] : rightsStatements(rights, this.job).grants;
    const onCode = grants.filter((grant) => ON_CODE.test(grant));
    await this.job.server.within(this.target, 'closing routines to other roles', (client) =>
      executeEach(client, onCode, () => true),
    );
  }

  private restore(request: Pick<EntriesRequest, 'entries' | 'sessions' | 'as'>): Promise<void> {
    const { args, passOver, onError } = this.request;
    return restoreEntries(this.job, this.target, {
      ...request,
      args,
      onError,
      progress: true,
      ...(request.as === undefined && { passOver }),
    });
  }
}
