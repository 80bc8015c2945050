import { IDENTIFIER, nameOf } from '../connection/identifiers.ts';
import { namesIn } from './exposure.ts';
import type { TocEntry } from './toc/toc.ts';

/**
 * How an entry is made so that no code of a role without superuser rights runs as a superuser.
 *
 * - `restorer`: by the restoring superuser, who then sets the owner. The statement evaluates nothing, or
 *   PostgreSQL evaluates it as the owner (indexes).
 * - `owner`: by the owner, for making it evaluates expressions.
 * - `attach`: by the owner of the parent, for expressions of parent and partition are evaluated.
 * - `validate`: by the restoring superuser as `NOT VALID`; the owner validates.
 */
export type Turn = 'restorer' | 'owner' | 'attach' | 'validate';

/** Successive entries that are made in the same way. */
export interface Batch {
  readonly turn: Turn;
  /** Of the turn `owner`: the owner of all entries; `undefined` if it is a superuser, whom code of others must not run as. */
  readonly owner: string | undefined;
  readonly entries: readonly TocEntry[];
}

/** A cast of a literal, which is read when the definition is: a domain has its constraints evaluated then. */
const CAST_LITERAL = new RegExp(`'::(?=(${IDENTIFIER})\\.(${IDENTIFIER}))`, 'gu');

/** Where making a table evaluates constants: generated columns, and expressions that partition it. */
const EVALUATED_IN_TABLE = /GENERATED ALWAYS AS \(|\nPARTITION BY [A-Z]+ \([^]*\(/;

/** Where the body of a routine begins that is a text. A text before it may hold the same words: the last one counts. */
const BODY = '\n    AS ';

/** A body that is read when the routine is made. */
const READ_BODY = /\n {4}(?:BEGIN ATOMIC|RETURN )/;

/** Kinds of entries whose types may hold a domain. */
const WITH_TYPE = ['DOMAIN', 'TYPE', 'TABLE', 'FOREIGN TABLE', 'VIEW', 'MATERIALIZED VIEW'];

/** Decides how the entries of one dump are made. */
export class TurnsByOwner {
  private readonly unprivileged: ReadonlySet<string>;
  private readonly exposed: ReadonlySet<TocEntry>;
  /** `schema.name` of types that are domains, or may hold one. */
  private readonly types: ReadonlySet<string>;

  /**
   * @param entries all of the dump
   * @param unprivileged owners that are no superusers on the server
   * @param exposed tables of superusers that lead to code of these
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

  /** Cuts entries into batches, in their order. */
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
    // The database knows whose the tables are.
    if (kind === 'TABLE ATTACH' || kind === 'INDEX ATTACH') return 'attach';
    if (kind === 'FK CONSTRAINT') return 'validate';
    const isByOwner = (this.unprivileged.has(owner) || this.exposed.has(entry)) && this.isEvaluated(entry);
    if (kind === 'CHECK CONSTRAINT') return isByOwner ? 'owner' : 'validate';
    return isByOwner ? 'owner' : 'restorer';
  }

  /** Whether making the object evaluates what the dump brings. */
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
