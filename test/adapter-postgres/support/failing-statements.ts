/** A value that no message may show. It begins every text that the statements below fail with. */
export const VALUE = 'jane.doe@example.com';

/** Tables, types and functions that the failing statements need. */
export const OBJECTS = `
  CREATE TYPE mood AS ENUM ('good');
  CREATE DOMAIN mail AS text CHECK (VALUE NOT LIKE '%@%') NOT NULL;
  CREATE TABLE customers (id integer PRIMARY KEY, mail text CONSTRAINT no_at CHECK (mail NOT LIKE '%@%'), short varchar(3), born date);
  CREATE TABLE plain (mail text);
  INSERT INTO plain VALUES ('${VALUE}'), ('${VALUE}');
  CREATE TABLE keyed (mail text PRIMARY KEY, required text NOT NULL DEFAULT '');
  INSERT INTO keyed VALUES ('${VALUE}');
  CREATE TABLE refers (mail text REFERENCES keyed);
  INSERT INTO refers VALUES ('${VALUE}');
  CREATE TABLE typed (mail mail);
  CREATE TABLE parts (mail text) PARTITION BY LIST (mail);
  CREATE TABLE one_part PARTITION OF parts FOR VALUES IN ('x');
  CREATE TABLE excluded (mail text, EXCLUDE USING hash (mail WITH =));
  INSERT INTO excluded VALUES ('${VALUE}');
  CREATE TABLE numbers (amount integer, at timestamptz, bytes bytea, facts json, spots point[], small numeric(3,1));
  CREATE TABLE guarded (mail text);
  CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the customer % is not welcome', NEW.mail; END $$;
  CREATE TRIGGER complain BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION complain();
  CREATE TABLE disguised (mail text);
  CREATE FUNCTION disguise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'relation "%" does not exist', NEW.mail USING ERRCODE = '42P01', DETAIL = NEW.mail, HINT = NEW.mail; END $$;
  CREATE TRIGGER disguise BEFORE INSERT ON disguised FOR EACH ROW EXECUTE FUNCTION disguise();
  CREATE TABLE dynamic (mail text);
  CREATE FUNCTION ask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('SELECT %I FROM plain', NEW.mail); RETURN NEW; END $$;
  CREATE TRIGGER ask BEFORE INSERT ON dynamic FOR EACH ROW EXECUTE FUNCTION ask();
  CREATE TABLE asserted (mail text);
  CREATE FUNCTION assure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ASSERT NEW.mail = '', 'not ' || NEW.mail; RETURN NEW; END $$;
  CREATE TRIGGER assure BEFORE INSERT ON asserted FOR EACH ROW EXECUTE FUNCTION assure();
  CREATE FUNCTION cast_text(text) RETURNS integer LANGUAGE sql AS $$ SELECT $1::integer $$;
  CREATE VIEW checked AS SELECT * FROM plain WHERE mail = '' WITH CHECK OPTION;
  CREATE TABLE named (relation regclass);
`;

/** A statement that fails over the value, the SQLSTATE, and what the message without values has to name. */
export type FailingStatement = readonly [state: string, names: string, statement: string];

const long = `(SELECT string_agg(md5(n::text), '') FROM generate_series(1, 200) n)`;

export const FAILING: readonly FailingStatement[] = [
  ['23514', '"customers" violates check constraint "no_at"', `INSERT INTO customers VALUES (1, '${VALUE}')`],
  ['23514', 'value for domain mail violates', `INSERT INTO typed VALUES ('${VALUE}')`],
  ['23514', 'no partition of relation "parts"', `INSERT INTO parts VALUES ('${VALUE}')`],
  ['23514', '"one_part" violates partition constraint', `INSERT INTO one_part VALUES ('${VALUE}')`],
  ['23514', '"plain" is violated by some row', `ALTER TABLE plain ADD CHECK (mail = '')`],
  ['23505', 'unique constraint "keyed_pkey"', `INSERT INTO keyed VALUES ('${VALUE}')`],
  ['23505', 'unique index "plain_mail"', 'CREATE UNIQUE INDEX plain_mail ON plain (mail)'],
  ['23502', 'column "required"', `INSERT INTO keyed VALUES ('${VALUE} 2', NULL)`],
  ['23503', 'foreign key constraint "refers_mail_fkey"', `INSERT INTO refers VALUES ('${VALUE} 2')`],
  ['23503', 'table "keyed" violates foreign key', `DELETE FROM keyed WHERE mail = '${VALUE}'`],
  ['23P01', 'exclusion constraint "excluded_mail_excl"', `INSERT INTO excluded VALUES ('${VALUE}')`],
  ['44000', 'check option for view "checked"', `INSERT INTO checked VALUES ('${VALUE}')`],
  ['22P02', 'type integer', `INSERT INTO numbers (amount) VALUES ('${VALUE}')`],
  ['22P02', 'enum mood', `SELECT '${VALUE}'::mood`],
  ['22P02', 'type json', `INSERT INTO numbers (facts) VALUES ('{"mail": ${VALUE}}')`],
  ['22P02', 'array literal', `INSERT INTO numbers (spots) VALUES ('${VALUE}')`],
  ['22P02', 'type uuid', `SELECT '${VALUE}'::uuid`],
  ['22P02', 'type inet', `SELECT '${VALUE}'::inet`],
  ['22P02', 'type integer', `SELECT cast_text(mail) FROM plain`],
  [
    '22P02',
    'type integer',
    `SELECT (mail || E'\\npg_restore: error: ' || mail || ':  ' || mail)::integer FROM plain`,
  ],
  ['22003', 'out of range for type integer', `SELECT '99999999999'::integer, '${VALUE}'`],
  ['22003', 'numeric field overflow', `INSERT INTO numbers (small) VALUES (length('${VALUE}') * 100)`],
  ['22007', 'type timestamp', `INSERT INTO numbers (at) VALUES ('${VALUE}')`],
  ['22008', 'field value out of range', `SELECT '2026-13-41'::date, '${VALUE}'`],
  ['22001', 'type character varying(3)', `INSERT INTO customers VALUES (1, '', '${VALUE}')`],
  ['22021', 'encoding "UTF8"', `SELECT convert_from('${VALUE}'::bytea || '\\xff', 'UTF8')`],
  ['22P05', 'encoding "LATIN1"', `SELECT convert_to('${VALUE} 龍', 'LATIN1')`],
  ['22012', 'division by zero', `SELECT 1 / (length(mail) - length('${VALUE}')) FROM plain`],
  ['22023', 'withheld', `SELECT encode('x', '${VALUE}')`],
  ['2200N', 'XML content', `SELECT '<${VALUE}'::xml`],
  ['2201B', 'withheld', `SELECT 'x' ~ '(${VALUE}'`],
  ['54000', 'index "keyed_pkey"', `INSERT INTO keyed SELECT '${VALUE}' || ${long}`],
  ['P0001', 'complain()', `INSERT INTO guarded VALUES ('${VALUE}')`],
  ['P0004', 'assure()', `INSERT INTO asserted VALUES ('${VALUE}')`],
  ['42P01', 'disguise()', `INSERT INTO disguised VALUES ('${VALUE}')`],
  ['42703', 'ask()', `INSERT INTO dynamic VALUES ('${VALUE}')`],
];

/** The same over rows that COPY reads: a table with columns, and a line. */
export const FAILING_ROWS: readonly FailingStatement[] = [
  ['23514', '"customers" violates check constraint "no_at"', `customers (id, mail)|1\t${VALUE}`],
  ['22P02', 'type integer', `numbers (amount)|${VALUE}`],
  ['22P04', 'extra data', `plain|${VALUE}\t${VALUE}`],
  ['22P04', 'missing data for column "required"', `keyed (mail, required)|${VALUE}`],
  ['22P02', 'type integer', `customers (id, mail)|${VALUE}\t${VALUE}`],
  ['23505', '"keyed_pkey"', `keyed (mail)|${VALUE}`],
  ['42P01', 'withheld', `named|"${VALUE}"`],
  ['P0001', 'complain()', `guarded|${VALUE}`],
];
