import type { RestoreInput } from '@geolens/backup-core';
import { attachPartition } from './attach-partition.ts';
import type { OwnedTable } from './code-of-others.ts';
import { executeEach } from './execute.ts';
import { extensionRowsIn } from './extension-rows.ts';
import { lendTables } from './lent-tables.ts';
import { OwnerLogins } from './owner-logins.ts';
import type { Preparation } from './prepare.ts';
import { rightsStatements, type Rights } from './rights/rights.ts';
import { executeEntry, restoreEntries, type EntriesRequest } from './run-entries.ts';
import { makingOnly, withSchemaPrivileges, type SchemaPrivilege } from './schema-privileges.ts';
import type { SessionParts } from './session-parts.ts';
import type { TocEntry } from './toc/toc.ts';
import { schemasIn, TurnsByOwner, type Batch } from './turns-by-owner.ts';
import { validateConstraints } from './validate-constraints.ts';

export interface ByOwnersRequest extends Pick<EntriesRequest, 'entries' | 'args' | 'passOver' | 'onError'> {
  /** Owners that are no superusers. */
  readonly unprivileged: ReadonlySet<string>;
  readonly rights: Rights | undefined;
  readonly withRows: boolean;
}

/** Privileges that decide which code a role can call. Those on tables come when the rows are there. */
const ON_CODE =
  /^(?:GRANT|REVOKE) .+? ON (?:SCHEMA|TYPE|DOMAIN|LANGUAGE|FUNCTION|PROCEDURE|ROUTINE|AGGREGATE|FOREIGN DATA WRAPPER|FOREIGN SERVER) /su;

/** A routine that gives its callers the rights of its owner. */
const GIVES_RIGHTS = /\bSECURITY DEFINER\b/;

/**
 * Restores entries so that what they bring of a role is evaluated as that role, over a login of its own:
 * PostgreSQL evaluates expressions when rows are loaded, constraints validated and partitions attached.
 */
export async function fillByOwners(
  parts: SessionParts,
  input: RestoreInput,
  preparation: Preparation,
  target: string,
  request: ByOwnersRequest,
): Promise<void> {
  const { server, database, signal } = parts;
  const { unprivileged } = request;
  await using logins = new OwnerLogins({ server, live: database, target, unprivileged, signal });
  await new ByOwners(parts, input, preparation, target, request, logins).fill();
}

class ByOwners {
  private readonly parts: SessionParts;
  private readonly input: RestoreInput;
  private readonly preparation: Preparation;
  private readonly target: string;
  private readonly request: ByOwnersRequest;
  private readonly logins: OwnerLogins;
  private readonly turns: TurnsByOwner;
  /** Whether there are routines that any role may call until they get the privileges of the set. */
  private isOpen = true;

  constructor(
    parts: SessionParts,
    input: RestoreInput,
    preparation: Preparation,
    target: string,
    request: ByOwnersRequest,
    logins: OwnerLogins,
  ) {
    this.parts = parts;
    this.input = input;
    this.preparation = preparation;
    this.target = target;
    this.request = request;
    this.logins = logins;
    this.turns = new TurnsByOwner(preparation.toc.entries, request.unprivileged);
  }

  async fill(): Promise<void> {
    const { parts, target, logins, request } = this;
    const { entries, unprivileged } = request;
    await this.make(
      entries.filter(({ section }) => section === 'pre-data'),
      1,
    );
    await this.closeRoutines();
    const lent = await lendTables(parts.server, target, unprivileged, logins);
    if (request.withRows) await this.load(lent.tables);
    await this.make(
      entries.filter(({ section }) => section === 'post-data' || section === 'none'),
      parts.sessions,
    );
    await lent.giveBack();
  }

  /** Makes objects, in the order of the dump. */
  private async make(entries: readonly TocEntry[], sessions: number): Promise<void> {
    const { parts, target, logins } = this;
    const { onError } = this.request;
    for (const batch of this.turns.batchesOf(entries)) {
      if (batch.turn !== 'restorer') await this.closeRoutines();
      if (batch.turn === 'owner') await this.makeAsOwner(batch);
      else if (batch.turn === 'validate')
        await validateConstraints(parts, target, { logins, entries: batch.entries, onError });
      else if (batch.turn === 'attach') await this.attach(batch.entries);
      else {
        this.isOpen ||= batch.entries.some(({ definition }) => GIVES_RIGHTS.test(definition));
        await this.restore({ entries: batch.entries, sessions });
      }
    }
  }

  /** The owner may lack a privilege that it had when it made the object. */
  private async makeAsOwner({ owner: role = '', entries }: Batch): Promise<void> {
    const { parts, target, logins } = this;
    const schemas = entries.flatMap(({ schema }) => schema ?? []);
    const wanted: readonly SchemaPrivilege[] = [
      ...schemas.map((schema) => ({ role, schema, privilege: 'CREATE' as const })),
      ...[...schemas, ...entries.flatMap(schemasIn)].map((schema) => ({
        role,
        schema,
        privilege: 'USAGE' as const,
      })),
    ];
    const as = await logins.actingAs(role);
    const making = (): Promise<void> => this.restore({ entries, sessions: 1, as });
    await withSchemaPrivileges(parts.server, target, wanted, (granted) => {
      const foreign = granted.filter(({ privilege }) => privilege === 'CREATE').map(({ schema }) => schema);
      const names = entries.map(({ name }) => name.split('(')[0] ?? '');
      return foreign.length === 0
        ? making()
        : makingOnly(parts.server, target, { schemas: foreign, names }, making);
    });
  }

  private async attach(entries: readonly TocEntry[]): Promise<void> {
    await this.parts.server.within(this.target, 'attaching partitions', async (client) => {
      for (const entry of entries)
        await executeEntry(entry, attachPartition(client, this.logins, entry), this.request.onError);
    });
  }

  /** Loads rows as the owner of their table; those of extension tables first, by one session. */
  private async load(lent: readonly OwnedTable[]): Promise<void> {
    const { parts, target, logins, request } = this;
    const ofExtensions = extensionRowsIn(request.entries);
    await this.restore({ entries: ofExtensions, sessions: 1 });
    const lentNames = new Set(lent.map(({ schema, name }) => `${schema}.${name}`));
    const actors = new Map<string | undefined, TocEntry[]>();
    for (const entry of request.entries) {
      if (entry.section !== 'data' || ofExtensions.includes(entry)) continue;
      const isLent = entry.kind === 'TABLE DATA' && lentNames.has(`${entry.schema}.${entry.name}`);
      const actor = isLent
        ? await logins.neutral()
        : entry.kind === 'TABLE DATA' && logins.covers(entry.owner)
          ? entry.owner
          : undefined;
      actors.set(actor, [...(actors.get(actor) ?? []), entry]);
    }
    const wanted = [...actors].flatMap(([role, entries]) =>
      role === undefined
        ? []
        : entries.flatMap(({ schema }) =>
            schema === undefined ? [] : [{ role, schema, privilege: 'USAGE' as const }],
          ),
    );
    await withSchemaPrivileges(parts.server, target, wanted, async () => {
      for (const [actor, entries] of actors)
        await this.restore({
          entries,
          sessions: parts.sessions,
          as: actor === undefined ? undefined : await logins.actingAs(actor),
        });
    });
  }

  /** Gives routines and schemas the privileges of the set: no other role's code may call more than before. */
  private async closeRoutines(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { rights } = this.request;
    const grants = rights === undefined ? [] : rightsStatements(rights, this.preparation).grants;
    const onCode = grants.filter((grant) => ON_CODE.test(grant));
    await this.parts.server.within(this.target, 'closing routines to other roles', (client) =>
      executeEach(client, onCode, () => true),
    );
  }

  private restore(request: Pick<EntriesRequest, 'entries' | 'sessions' | 'as'>): Promise<void> {
    const { args, passOver, onError } = this.request;
    return restoreEntries(this.parts, this.input, this.preparation, this.target, {
      ...request,
      args,
      onError,
      progress: true,
      ...(request.as === undefined && { passOver }),
    });
  }
}
