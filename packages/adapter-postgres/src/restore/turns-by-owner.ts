import { IDENTIFIER, nameOf } from '../connection/identifiers.ts';
import { namesIn } from './exposure.ts';
import type { TocEntry } from './toc/toc.ts';

/**
 * How to create an entry so that no code of a role without superuser rights runs as a superuser.
 *
 * - `restorer`: the restoring superuser creates it, then sets the owner. The statement evaluates nothing, or
 *   PostgreSQL evaluates it as the owner (indexes).
 * - `owner`: the owner creates it, because this evaluates expressions.
 * - `attach`: the owner of the parent attaches it, because this evaluates expressions of parent and
 *   partition.
 * - `validate`: the restoring superuser creates it as `NOT VALID`; the owner validates it.
 */
export type Turn = 'restorer' | 'owner' | 'attach' | 'validate';

/** Successive entries that are created in the same way. */
export interface Batch {
  readonly turn: Turn;
  /** Owner of a batch of turn `owner`; `undefined` for a superuser, as whom code of others must not run. */
  readonly owner: string | undefined;
  readonly entries: readonly TocEntry[];
}

/** Matches a cast of a literal: parsing the definition evaluates the constraints of a domain. */
const CAST_LITERAL = new RegExp(`'::(?=(${IDENTIFIER})\\.(${IDENTIFIER}))`, 'gu');

/** Matches constants that a new table evaluates: generated columns and partitioning expressions. */
const EVALUATED_IN_TABLE = /GENERATED ALWAYS AS \(|\nPARTITION BY [A-Z]+ \([^]*\(/;

/** Start of a routine body in text form. Earlier texts may hold the same words, so the last match counts. */
const BODY = '\n    AS ';

/** Matches a body that the server reads when the routine is created. */
const READ_BODY = /\n {4}(?:BEGIN ATOMIC|RETURN )/;

/** Kinds of entries whose types may hold a domain. */
const WITH_TYPE = ['DOMAIN', 'TYPE', 'TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW'];

/** Decides how to create the entries of one dump. */
export class TurnsByOwner {
  private readonly unprivileged: ReadonlySet<string>;
  private readonly exposed: ReadonlySet<TocEntry>;
  /** Names (`schema.name`) of types that are domains, or may hold one. */
  private readonly types: ReadonlySet<string>;

  /**
   * @param entries all entries of the dump
   * @param unprivileged owners that are not superusers on the server
   * @param exposed tables of superusers that lead to code of these owners
   */
  constructor(
    entries: readonly TocEntry[],
    unprivileged: ReadonlySet<string>,
    exposed: ReadonlySet<TocEntry> = new Set(),
  ) {
    this.unprivileged = unprivileged;
    this.exposed = exposed;
    const hasDomains = entries.some(({ kind }) => kind === 'DOMAIN');
    const types = hasDomains
      ? entries.filter(
          ({ kind, definition }) => WITH_TYPE.includes(kind) && !definition.includes(' AS ENUM ('),
        )
      : [];
    this.types = new Set(types.map(({ schema, name }) => `${schema}.${name}`));
  }

  /** Splits entries into batches, in their order. */
  batchesOf(entries: readonly TocEntry[]): readonly Batch[] {
    const batches: { turn: Turn; owner: string | undefined; entries: TocEntry[] }[] = [];
    for (const entry of entries) {
      const turn = this.turnOf(entry);
      const owner = turn === 'owner' && this.unprivileged.has(entry.owner) ? entry.owner : undefined;
      const last = batches.at(-1);
      if (last?.turn === turn && last.owner === owner) last.entries.push(entry);
      else batches.push({ turn, owner, entries: [entry] });
    }
    return batches;
  }

  turnOf(entry: TocEntry): Turn {
    const { kind, owner } = entry;
    // The database knows the owners of the tables.
    if (kind === 'TABLE ATTACH' || kind === 'INDEX ATTACH') return 'attach';
    if (kind === 'FK CONSTRAINT') return 'validate';
    const isByOwner = (this.unprivileged.has(owner) || this.exposed.has(entry)) && this.isEvaluated(entry);
    if (kind === 'CHECK CONSTRAINT') return isByOwner ? 'owner' : 'validate';
    return isByOwner ? 'owner' : 'restorer';
  }

  /** Returns whether creating the object evaluates content of the dump. */
  private isEvaluated({ kind, definition }: TocEntry): boolean {
    const isText = (kind === 'FUNCTION' || kind === 'PROCEDURE') && !READ_BODY.test(definition);
    const text = isText ? definition.slice(0, definition.lastIndexOf(BODY)) : definition;
    if (kind === 'TABLE' && EVALUATED_IN_TABLE.test(text))
      return namesIn(text.slice(text.indexOf('('))).length > 0;
    if (kind === 'AGGREGATE' && text.includes('INITCOND = ')) return true;
    return [...text.matchAll(CAST_LITERAL)].some(([, schema = '', name = '']) =>
      this.types.has(`${nameOf(schema)}.${nameOf(name)}`),
    );
  }
}
