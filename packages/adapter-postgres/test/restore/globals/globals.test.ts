import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseGlobals } from '../../../src/restore/globals/globals.ts';

const NAMES = [
  'app',
  '"Ro""le; DROP TABLE x; --"',
  '"line\nCREATE ROLE feed;"',
  '"$geolens$ 100% %1$I"',
  `"apo'strophe"`,
  '_ünïcode$1',
];

/**
 * Statements as geolens-backup and pg_dumpall write them, with the part of the globals that they belong to.
 */
const KNOWN = [
  ['roles', 'CREATE ROLE NAME;'],
  [
    'roles',
    'DO $geolens__$ BEGIN CREATE ROLE NAME; EXCEPTION WHEN duplicate_object THEN NULL; END $geolens__$;',
  ],
  [
    'attributes',
    `ALTER ROLE NAME WITH SUPERUSER NOINHERIT CREATEROLE NOCREATEDB LOGIN NOREPLICATION BYPASSRLS CONNECTION LIMIT 3 PASSWORD 'SCRAM-SHA-256$4096:a=$b=:c=' VALID UNTIL '2030-01-01 00:00:00+00';`,
  ],
  ['settings', `ALTER ROLE NAME SET search_path TO 'a b', 'data', '"';`],
  ['settings', `ALTER ROLE NAME SET "geolens.note" TO E'x'';\\\\ \n\\\\connect postgres';`],
  ['comments', `COMMENT ON ROLE NAME IS 'it''s\nCREATE ROLE evil;\n\\connect postgres';`],
  ['memberships', 'GRANT app TO NAME;'],
  ['memberships', 'GRANT NAME TO app WITH ADMIN OPTION GRANTED BY app;'],
  ['memberships', 'GRANT NAME TO app WITH ADMIN OPTION, INHERIT FALSE, SET TRUE GRANTED BY NAME;'],
  [
    'database',
    `DO $geolens$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %1$I OWNER TO app', pg_catalog.current_database()); END $geolens$;`,
  ],
  [
    'database',
    `DO $geolens__$ BEGIN PERFORM pg_catalog.set_config('search_path', ' $geolens_$', true); EXECUTE pg_catalog.format('ALTER ROLE app IN DATABASE %1$I SET search_path FROM CURRENT', pg_catalog.current_database()); END $geolens__$;`,
  ],
  [
    'database',
    `DO $geolens$ BEGIN EXECUTE pg_catalog.format( E'COMMENT ON DATABASE %1$I IS E''100%% \\\\\\\\ ''''quoted''''''', pg_catalog.current_database()); END $geolens$;`,
  ],
  [
    'database',
    `DO $geolens$ BEGIN EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE %1$I FROM PUBLIC', pg_catalog.current_database()); END $geolens$;`,
  ],
  [
    'database',
    `DO $geolens$ BEGIN EXECUTE pg_catalog.format('REVOKE CONNECT ON DATABASE %1$I FROM "the owner"', pg_catalog.current_database()); END $geolens$;`,
  ],
  [
    'database',
    `DO $geolens$ BEGIN EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %1$I TO CURRENT_USER WITH GRANT OPTION', pg_catalog.current_database()); END $geolens$;`,
  ],
  [
    'database',
    `DO $geolens$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %1$I CONNECTION LIMIT 40', pg_catalog.current_database()); END $geolens$;`,
  ],
  ['owners', 'ALTER TABLE NAME.NAME OWNER TO NAME;'],
  ['owners', 'ALTER MATERIALIZED VIEW app.v OWNER TO NAME;'],
  ['owners', 'ALTER ROUTINE app.f(numeric,character varying[],NAME."Odd (type)") OWNER TO NAME;'],
  ['owners', 'ALTER AGGREGATE app.all_of(*) OWNER TO app;'],
  ['owners', 'ALTER OPERATOR app.===(app.pair,app.pair) OWNER TO app;'],
  ['owners', 'ALTER OPERATOR CLASS app.c USING btree OWNER TO app;'],
  ['owners', 'ALTER TEXT SEARCH DICTIONARY app.d OWNER TO app;'],
  ['owners', 'ALTER LARGE OBJECT 4711 OWNER TO NAME;'],
  ['grants', 'GRANT SELECT,INSERT(NAME),UPDATE(a,b) ON TABLE NAME.NAME TO NAME WITH GRANT OPTION;'],
  ['grants', 'GRANT SELECT("It;s"),UPDATE("b c") ON TABLE app.t TO PUBLIC;'],
  [
    'grants',
    'REVOKE ALL ON FUNCTION app.f("A b" text, VARIADIC i NAME.t[], OUT timestamp with time zone) FROM PUBLIC;',
  ],
  ['grants', 'REVOKE UPDATE ON LARGE OBJECT 4711 FROM NAME;'],
  ['grants', 'GRANT SELECT ON LARGE OBJECT 4711 TO CURRENT_USER WITH GRANT OPTION;'],
  ['grants', 'GRANT ALL ON FOREIGN DATA WRAPPER w TO app;'],
  ['grants', 'ALTER DEFAULT PRIVILEGES FOR ROLE NAME IN SCHEMA NAME GRANT USAGE ON SEQUENCES  TO NAME;'],
  ['grants', 'SET SESSION AUTHORIZATION NAME;'],
  ['grants', 'RESET SESSION AUTHORIZATION;'],
] as const;

/** Statements that do something else, or more. */
const UNKNOWN = [
  String.raw`\! touch /tmp/pwned`,
  String.raw`\o |sh`,
  String.raw`\connect postgres`,
  String.raw`\restrict x \! id`,
  'DROP TABLE x;',
  "SELECT pg_read_file('/etc/passwd');",
  `SELECT pg_catalog.set_config('session_preload_libraries', 'x', false);`,
  'CREATE EXTENSION plpython3u;',
  "COPY (SELECT 1) TO PROGRAM 'id';",
  'CREATE ROLE x SUPERUSER;',
  `ALTER ROLE x WITH PASSWORD 'a' || pg_read_file('b');`,
  `ALTER ROLE x SET a TO 'b', (SELECT 1);`,
  "ALTER ROLE ALL SET x TO 'y' RESET ALL;",
  'ALTER TABLE t ALTER COLUMN c TYPE int USING evil(), OWNER TO app;',
  'ALTER TABLE t ADD CHECK (evil()), OWNER TO app;',
  'ALTER FUNCTION f() SET search_path TO x OWNER TO app;',
  'ALTER FUNCTION f() SECURITY DEFINER;',
  "ALTER SYSTEM SET archive_command TO 'id';",
  'GRANT SELECT ON TABLE a, LATERAL evil() TO x;',
  'GRANT x TO y; GRANT z TO y',
  `DO $geolens$ BEGIN EXECUTE pg_catalog.format('DROP DATABASE x', pg_catalog.current_database()); END $geolens$;`,
  `DO $geolens$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %1$I OWNER TO app; DROP TABLE x', pg_catalog.current_database()); END $geolens$;`,
  `DO $geolens$ BEGIN EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE %1$I FROM app CASCADE; DROP TABLE x', pg_catalog.current_database()); END $geolens$;`,
  `DO $geolens$ BEGIN EXECUTE pg_catalog.format('REVOKE ALL ON DATABASE other FROM PUBLIC', pg_catalog.current_database()); END $geolens$;`,
  `DO $geolens$ BEGIN EXECUTE pg_catalog.format('ALTER DATABASE %1$I CONNECTION LIMIT 40 IS_TEMPLATE true', pg_catalog.current_database()); END $geolens$;`,
  `DO $geolens$ BEGIN PERFORM pg_catalog.set_config('a', evil(), true); EXECUTE pg_catalog.format('ALTER DATABASE %1$I SET a FROM CURRENT', pg_catalog.current_database()); END $geolens$;`,
  `DO $geolens$ BEGIN CREATE ROLE x; EXCEPTION WHEN duplicate_object THEN PERFORM evil(); END $geolens$;`,
  `DO $geolens$ BEGIN CREATE ROLE x; EXCEPTION WHEN duplicate_object THEN NULL; END $geolens$ LANGUAGE plpython3u;`,
  "COMMENT ON ROLE x IS 'a",
];

const SECTIONS = '-- Section: roles\n-- Section: database\n-- Section: owners\n-- Section: grants\n';

describe('globals', () => {
  it.each(KNOWN)('have among the %s: %s', (part, statement) => {
    for (const name of NAMES) {
      const globals = parseGlobals(`${SECTIONS}\n${statement.replaceAll('NAME', () => name)}\n`);
      expect(globals.refused).toEqual([]);
      expect(globals[part]).toHaveLength(1);
    }
  });

  it.each(UNKNOWN)('are read as data, and this is refused and named: %s', (statement) => {
    const { refused, ...rest } = parseGlobals(`CREATE ROLE a;\n${statement}\n`);
    const all = [
      ...rest.attributes,
      ...rest.settings,
      ...rest.database,
      ...rest.owners,
      ...rest.grants,
      ...rest.memberships,
    ];
    // Of several statements in one text the known ones are read, each for itself.
    expect([...refused, ...all].length).toBeGreaterThan(0);
    expect(refused).toHaveLength(1);
    expect(
      statement.startsWith(refused[0]!.replace('…', '').slice(0, 20).trim()) ||
        statement.includes(refused[0]!.replace('…', '')),
    ).toBe(true);
  });

  it('end no statement within a literal, a name or a dollar quote, and find each statement of a text', () => {
    const statements = fc.array(
      fc.tuple(fc.constantFrom(...KNOWN.map(([, statement]) => statement)), fc.constantFrom(...NAMES)),
      { maxLength: 8 },
    );
    const between = fc.constantFrom(
      '\n',
      ' ',
      '\n\n--\n-- a comment; with a semicolon\n--\n\n',
      '\n\\restrict abc\n',
      "\nSET client_encoding = 'UTF8';\n",
    );
    fc.assert(
      fc.property(statements, between, (all, gap) => {
        const globals = parseGlobals(
          all.map(([statement, name]) => statement.replaceAll('NAME', () => name)).join(gap),
        );
        const { roles, attributes, settings, comments, memberships, database, owners, grants, refused } =
          globals;
        expect(refused).toEqual([]);
        expect(
          [roles, attributes, settings, comments, memberships, database, owners, grants].flat(),
        ).toHaveLength(all.length);
      }),
    );
  });

  it('keep the grantor of a membership', () => {
    const { memberships } = parseGlobals(
      'GRANT a TO b WITH ADMIN OPTION, INHERIT TRUE GRANTED BY "the grantor";\nGRANT a TO c;\n',
    );
    expect(memberships).toEqual([
      { role: 'a', member: 'b', options: ' WITH ADMIN OPTION, INHERIT TRUE', grantor: 'the grantor' },
      { role: 'a', member: 'c', options: '', grantor: undefined },
    ]);
  });

  it('have no attribute of a role within a literal, whatever backslashes stand in it', () => {
    const [evil] = parseGlobals(
      `ALTER ROLE evil WITH LOGIN VALID UNTIL 'infinity\\' SUPERUSER PASSWORD 'x' VALID UNTIL '--';`,
    ).attributes;
    expect(evil?.attributes).toContain('SUPERUSER');
    const [plain] = parseGlobals(`ALTER ROLE plain WITH VALID UNTIL E'a\\' SUPERUSER';`).attributes;
    expect(plain?.attributes).toEqual([`VALID UNTIL E'a\\' SUPERUSER'`]);
  });

  it('name roles as the server reads them: without quotes in lower case', () => {
    const { roles, settings, attributes, memberships, ownerNames } = parseGlobals(
      'CREATE ROLE GEOLENS;\nALTER ROLE GeoLens SET a TO \'b\';\nALTER ROLE "GEOLENS" WITH LOGIN;\nGRANT GEOLENS TO "x";\nALTER TABLE t OWNER TO App;\n',
    );
    expect([roles, settings[0]?.role, attributes[0]?.role, memberships[0]?.role, [...ownerNames]]).toEqual([
      ['geolens'],
      'geolens',
      'GEOLENS',
      'geolens',
      ['app'],
    ]);
  });

  it('say whose setting it is, and are refused where the setting that is made is another one', () => {
    const of = (name: string, template: string): string =>
      `DO $geolens$ BEGIN PERFORM pg_catalog.set_config('${name}', 'x', true); EXECUTE pg_catalog.format('${template}', pg_catalog.current_database()); END $geolens$;`;
    expect(
      parseGlobals(of('search_path', 'ALTER ROLE "a%%b" IN DATABASE %1$I SET search_path FROM CURRENT'))
        .database,
    ).toMatchObject([{ role: 'a%b', setting: { name: 'search_path' } }]);
    expect(
      parseGlobals(of('geolens.note', 'ALTER DATABASE %1$I SET geolens.note FROM CURRENT')).database,
    ).toMatchObject([{ setting: { name: 'geolens.note' } }]);
    expect(
      parseGlobals(of('work_mem', 'ALTER DATABASE %1$I SET session_preload_libraries FROM CURRENT')).refused,
    ).toHaveLength(1);
  });

  it('are ours with all sections in their order, and no others', () => {
    expect(parseGlobals(SECTIONS).isOurs).toBe(true);
    expect(parseGlobals(SECTIONS.split('\n').reverse().join('\n')).isOurs).toBe(false);
    expect(parseGlobals(`COMMENT ON ROLE x IS '\n${SECTIONS}';`).isOurs).toBe(false);
  });

  it('are read in time that grows with their length, whatever they hold', () => {
    const started = performance.now();
    for (const text of [
      '"'.repeat(100_000),
      `GRANT ${'A '.repeat(50_000)}`,
      `ALTER FUNCTION f(${'"a""b" '.repeat(20_000)}`,
      `'${"''".repeat(50_000)}`,
      '$a'.repeat(50_000),
    ])
      parseGlobals(text);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

it('temporary logins of a restore that was going on are not in the globals', () => {
  const login = 'geolens_restore_login_0123456789abcdef';
  const found = parseGlobals(
    `CREATE ROLE app;\nCREATE ROLE ${login};\nALTER ROLE ${login} WITH NOSUPERUSER LOGIN;\nGRANT app TO ${login};\n`,
  );
  expect(found).toMatchObject({ roles: ['app'], attributes: [], memberships: [], refused: [] });
});
