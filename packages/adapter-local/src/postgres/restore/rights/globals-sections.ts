import { OPAQUE } from '../../sql-text.ts';

/** The globals of a set, in their parts. */
export interface GlobalsSections {
  readonly roles: string;
  /** Owner, rights, settings and comment of the database itself. */
  readonly database: string;
  readonly owners: string;
  readonly grants: string;
}

const TITLES = ['roles', 'database', 'owners', 'grants'] as const;

/** Cuts the globals at the titles of their sections; undefined when they are not of our form. Names and comments may hold what looks like a title. */
export function sectionsOf(globals: string): GlobalsSections | undefined {
  const starts: { readonly before: number; readonly after: number }[] = [];
  let at = 0;
  while (at < globals.length && starts.length < TITLES.length) {
    OPAQUE.lastIndex = at;
    const opaque = OPAQUE.exec(globals);
    if (opaque?.[0] === `-- Section: ${TITLES[starts.length]!}`) starts.push({ before: at, after: at + opaque[0].length });
    at += opaque === null ? 1 : opaque[0].length;
  }
  if (starts.length < TITLES.length) return undefined;
  const [roles, database, owners, grants] = starts.map(({ after }, index) => globals.slice(after, starts[index + 1]?.before)) as [string, string, string, string];
  return { roles, database, owners, grants };
}
