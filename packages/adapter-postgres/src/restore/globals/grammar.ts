import { IDENTIFIER } from '../../connection/identifiers.ts';

/** Matches a name of one or two parts. */
export const NAME = String.raw`${IDENTIFIER}(?:\.${IDENTIFIER})?`;

/** Matches a literal as the server reads it with standard_conforming_strings. */
export const LITERAL = String.raw`(?:E'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')`;

/** Matches the text in the parentheses of a routine: types, names and modes, but no expression. */
const ARGUMENTS = String.raw`(?:[\p{L}\p{N}_$ .,*()[\]]|"(?:[^"]|"")+"(?!"))*`;

const ROUTINE = String.raw`${NAME}\(${ARGUMENTS}\)`;

/** Matches an operator by its characters. */
const OPERATOR = String.raw`(?:${IDENTIFIER}\.)?[-+*/<>=~!@#%^&|${'`'}?]+ ?\(${ARGUMENTS}\)`;

/** Kinds of objects with an owner, and the form of their names in `ALTER … OWNER TO`. */
const OWNED = [
  [
    NAME,
    'TABLE|VIEW|MATERIALIZED VIEW|SEQUENCE|FOREIGN TABLE|INDEX|TYPE|DOMAIN|COLLATION|CONVERSION|STATISTICS|TEXT SEARCH DICTIONARY|TEXT SEARCH CONFIGURATION',
  ],
  [IDENTIFIER, 'SCHEMA|LANGUAGE|FOREIGN DATA WRAPPER|SERVER|EVENT TRIGGER|PUBLICATION'],
  [ROUTINE, 'ROUTINE|FUNCTION|PROCEDURE|AGGREGATE'],
  [OPERATOR, 'OPERATOR'],
  [`${NAME} USING ${IDENTIFIER}`, 'OPERATOR CLASS|OPERATOR FAMILY'],
  [String.raw`\d+`, 'LARGE OBJECT'],
] as const;

/** Kinds of objects with privileges, and the form of their names in GRANT. */
const GRANTED = [
  [NAME, 'TABLE|SEQUENCE|TYPE|DOMAIN'],
  [IDENTIFIER, 'SCHEMA|LANGUAGE|FOREIGN DATA WRAPPER|FOREIGN SERVER'],
  [ROUTINE, 'FUNCTION|PROCEDURE|ROUTINE|AGGREGATE'],
  [String.raw`\d+`, 'LARGE OBJECT'],
] as const;

const objects = (kinds: readonly (readonly [string, string])[]): string =>
  `(?:${kinds.map(([object, words]) => `(?:${words}) ${object}`).join('|')})`;

const PRIVILEGE = String.raw`[A-Z]+(?: [A-Z]+)*(?: ?\(${IDENTIFIER}(?:, ?${IDENTIFIER})*\))?`;
const PRIVILEGES = `${PRIVILEGE}(?:, ?${PRIVILEGE})*`;
const ROLES = `${IDENTIFIER}(?:, ?${IDENTIFIER})*`;
const GRANT_TO = `TO ${ROLES}(?: WITH GRANT OPTION)?(?: GRANTED BY ${IDENTIFIER})?`;
const REVOKE_FROM = `FROM ${ROLES}(?: GRANTED BY ${IDENTIFIER})?(?: CASCADE)?`;
/** pg_dump writes two blanks after the kinds of default privileges. */
const grants = (object: string): string =>
  `(?:GRANT ${PRIVILEGES} ON ${object} {1,2}${GRANT_TO}|REVOKE (?:GRANT OPTION FOR )?${PRIVILEGES} ON ${object} {1,2}${REVOKE_FROM})`;

const ATTRIBUTE = String.raw`(?:NO)?(?:SUPERUSER|INHERIT|CREATEROLE|CREATEDB|LOGIN|REPLICATION|BYPASSRLS)|CONNECTION LIMIT -?\d+|PASSWORD (?:${LITERAL}|NULL)|VALID UNTIL ${LITERAL}`;

/** Start of our template for the database itself, in which `%1$I` stands for its name. */
const HERE = String.raw`DATABASE %1\$I`;

const whole = (text: string): RegExp => new RegExp(`^${text};$`, 'su');

/** Statements of geolens-backup and pg_dumpall about roles, owners and privileges; others are refused. */
export const FORMS = {
  createRole: whole(`CREATE ROLE (${IDENTIFIER})`),
  createRoleOnce: whole(
    String.raw`DO \$(geolens_*)\$ BEGIN CREATE ROLE (${IDENTIFIER}); EXCEPTION WHEN duplicate_object THEN NULL; END \$\1\$`,
  ),
  alterRole: whole(`ALTER ROLE (${IDENTIFIER}) WITH ((?:${ATTRIBUTE})(?: (?:${ATTRIBUTE}))*)`),
  roleSetting: whole(`ALTER ROLE (${IDENTIFIER}) SET (${NAME}) TO (${LITERAL}(?:, ${LITERAL})*)`),
  commentOnRole: whole(
    `(?:COMMENT ON ROLE|SECURITY LABEL FOR ${IDENTIFIER} ON ROLE) (${IDENTIFIER}) IS ${LITERAL}`,
  ),
  membership: whole(
    `GRANT (${IDENTIFIER}) TO (${IDENTIFIER})( WITH [A-Z]+ [A-Z]+(?:, [A-Z]+ [A-Z]+)*)?(?: GRANTED BY (${IDENTIFIER}))?`,
  ),
  ofDatabase: whole(
    String.raw`DO \$(geolens_*)\$ BEGIN (?:PERFORM pg_catalog\.set_config\( ?(${LITERAL}), ? ?(${LITERAL}), true\); )?EXECUTE pg_catalog\.format\( ?(${LITERAL}), pg_catalog\.current_database\(\)\); END \$\1\$`,
  ),
  owner: whole(`ALTER ${objects(OWNED)} OWNER TO (${IDENTIFIER})`),
  grant: whole(grants(objects(GRANTED))),
  defaultPrivileges: whole(
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${IDENTIFIER}(?: IN SCHEMA ${IDENTIFIER})? ${grants('(?:TABLES|SEQUENCES|FUNCTIONS|ROUTINES|TYPES|SCHEMAS|LARGE OBJECTS)')}`,
  ),
  authorization: whole(
    `(?:SET SESSION AUTHORIZATION (?:${IDENTIFIER}|${LITERAL})|RESET SESSION AUTHORIZATION)`,
  ),
  /** Settings of the session that would read the statements; our session has its own. */
  ofSession: whole(
    String.raw`(?:SET [a-z_]+ = [^;]*|SELECT pg_catalog\.set_config\('search_path', '', false\))`,
  ),
  /** Statements of pg_dumpall about the server, not one database: tablespaces, and privileges on settings. */
  ofServer: whole(
    `(?:CREATE TABLESPACE ${IDENTIFIER} OWNER ${IDENTIFIER} LOCATION ${LITERAL}|ALTER TABLESPACE ${IDENTIFIER} SET \\([^;]*\\)|COMMENT ON TABLESPACE ${IDENTIFIER} IS ${LITERAL}|${grants(`(?:TABLESPACE|PARAMETER) ${NAME}`)})`,
  ),
} as const;

/** The templates of `ofDatabase`. */
export const TEMPLATES = {
  owner: whole(`ALTER ${HERE} OWNER TO ${IDENTIFIER}`),
  revoke: whole(`REVOKE [A-Z]+ ON ${HERE} FROM ${IDENTIFIER}`),
  grant: whole(`GRANT [A-Z]+ ON ${HERE} TO ${IDENTIFIER}(?: WITH GRANT OPTION)?`),
  /** Takes the value of the session, which the previous statement set. */
  setting: whole(`ALTER (?:${HERE}|ROLE ${IDENTIFIER} IN ${HERE}) SET ${NAME} FROM CURRENT`),
  roleSetting: whole(
    `ALTER (?:${HERE}|ROLE ${IDENTIFIER} IN ${HERE}) SET (?:role|session_authorization) TO ${LITERAL}`,
  ),
  comment: whole(`COMMENT ON ${HERE} IS ${LITERAL}`),
  connectionLimit: whole(String.raw`ALTER ${HERE} CONNECTION LIMIT \d+`),
} as const;

/** Matches psql commands that pg_dump and pg_dumpall write around their statements. */
export const HARMLESS_COMMAND = /^\\(?:un)?restrict [A-Za-z0-9]+$/;
