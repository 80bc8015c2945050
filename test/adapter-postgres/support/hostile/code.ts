import { named, type Place } from './place.ts';

/** Who executes the code: a superuser, one of the roles of the database, or a role that none of them is. */
const WHO = `CASE WHEN (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN 'superuser'
      WHEN current_user IN ('app', 'tenant', 'bystander') THEN current_user::text ELSE 'other' END`;

/** Ways out of the role that the code runs as, to the identity of the session or to a superuser. */
const ESCAPES = `ARRAY['SELECT 1', 'RESET SESSION AUTHORIZATION', 'RESET ROLE',
      pg_catalog.format('SET ROLE %I', superuser), pg_catalog.format('SET SESSION AUTHORIZATION %I', superuser)]`;

export interface Target {
  /** A folder in which programs leave files. */
  readonly folder: string;
  /** A port at which the test listens. */
  readonly port: number;
}

/**
 * What all code does. It attempts each aim as the role that it runs as and as each role that it can change to,
 * and logs which succeeded. All of it is undone, except for log lines, files and connections. The log line is
 * needed where a transaction is rolled back or the role may not write. A session in which it reached all of them
 * repeats none, which saves programs.
 */
export function attemptFunction({ folder, port }: Target): string {
  return `CREATE FUNCTION app.attempt(place int, more text) RETURNS int LANGUAGE plpgsql AS $attempt$
    DECLARE
      superuser text := (SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper ORDER BY oid LIMIT 1);
      aims text[] := ARRAY[
        'superuser', 'ALTER ROLE app SUPERUSER',
        'program', pg_catalog.format('COPY (SELECT 1) TO PROGRAM %L', 'cat >/dev/null; touch ${folder}/' || place),
        'file', 'SELECT pg_catalog.pg_read_file(''PG_VERSION'')',
        'network', pg_catalog.format('COPY (SELECT 1) TO PROGRAM %L',
          'cat >/dev/null; bash -c "exec 3<>/dev/tcp/127.0.0.1/${port}; echo ' || place || ' >&3"'),
        'rows', 'SELECT FROM bystander.secret',
        'more', more];
      escape text;
      won text;
      done text := pg_catalog.format('hostile.superuser_%s', place);
    BEGIN
      IF pg_catalog.current_setting(done, true) = current_user THEN RETURN 1; END IF;
      BEGIN
        FOREACH escape IN ARRAY ${ESCAPES} LOOP
          BEGIN
            EXECUTE escape;
          EXCEPTION WHEN OTHERS THEN
            CONTINUE;
          END;
          won := '';
          FOR i IN 1 .. pg_catalog.cardinality(aims) BY 2 LOOP
            BEGIN
              EXECUTE aims[i + 1];
              won := won || ',' || aims[i];
            EXCEPTION WHEN OTHERS THEN
              NULL;
            END;
          END LOOP;
          RAISE LOG 'hostile|%|%|%', place, ${WHO}, won;
          EXIT WHEN won <> '';
        END LOOP;
        RAISE EXCEPTION 'undo';
      EXCEPTION WHEN OTHERS THEN
        IF won LIKE ',superuser,%' THEN PERFORM pg_catalog.set_config(done, current_user, false); END IF;
      END;
      RETURN 1;
    END $attempt$;`;
}

/** The function of a place, which PostgreSQL believes to be harmless, and the place. */
export function placeStatements({ sql, aim, during }: Place, index: number): string {
  const condition = during === undefined ? 'true' : `pg_catalog.current_query() ~* '${during}'`;
  return `CREATE FUNCTION app.f${index}(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$
    BEGIN
      IF ${condition} THEN RETURN app.attempt(${index}, ${aim === undefined ? 'NULL' : `'${aim}'`}); END IF;
      RETURN 1;
    END $f$;
    ${named(sql, index)};\n`;
}
