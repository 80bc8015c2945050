/** The roles of the database, none of which has an attribute or a membership. */
export const ROLES = ['app', 'tenant', 'bystander'] as const;

/** A place in which PostgreSQL evaluates code of the role `app`. */
export interface Place {
  readonly place: string;
  /**
   * Statements of `app` that make the place: `@F` is its function of an integer, `@T` and `@D` are names for its
   * table and its domain. Superuser statements stand between {@link AS_SUPERUSER} and {@link AS_APP}.
   */
  readonly sql: string;
  /** What a superuser executes after a plain `pg_restore`, if that alone does not evaluate the code. */
  readonly control?: string;
  /** Which role the code runs as in the control. Defaults to `superuser`. */
  readonly controlRole?: 'tenant';
  /** Pattern of the client's statements in which the code acts. Defaults to all. */
  readonly during?: string;
  /** One more aim of the code, as a statement. */
  readonly aim?: string;
  /** Another unprivileged role that PostgreSQL itself runs the code as. */
  readonly alsoAs?: 'tenant';
  /** The newest server version that allows it. */
  readonly lastMajor?: number;
  /** Whether the table is restored alone, apart from the other single tables. */
  readonly alone?: boolean;
}

export const AS_SUPERUSER = 'RESET SESSION AUTHORIZATION;';
export const AS_APP = 'SET SESSION AUTHORIZATION app;';

/** A table with a row. */
export const TABLE = 'CREATE TABLE @T (a int); INSERT INTO @T VALUES (1);';

/** A domain whose check runs the code. */
export const DOMAIN = 'CREATE DOMAIN @D AS int CHECK (@F(VALUE) = 1);';

/** Replaces the names of a place. */
export function named(sql: string, index: number): string {
  return sql.replace(/@([A-Z])/g, (_, letter: string) => `app.${letter.toLowerCase()}${index}`);
}
