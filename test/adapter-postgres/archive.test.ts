import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readArchive } from '../../packages/adapter-postgres/src/restore/archive/read-archive.ts';
import { clusters, freshDatabase, type TestDatabase } from '../support/clusters.ts';
import { env, fileOf } from './support/producers.ts';

const run = promisify(execFile);

const ODD_NAMES = `
  CREATE ROLE "role with; blanks"; CREATE ROLE "a ""b"" TABLE";
  CREATE SCHEMA "my schema" AUTHORIZATION "role with; blanks";
  CREATE TABLE "my schema"."x\ny; 7; 1259 0 TABLE public z" (id int PRIMARY KEY, "größe" text);
  ALTER TABLE "my schema"."x\ny; 7; 1259 0 TABLE public z" OWNER TO "a ""b"" TABLE";
  CREATE FUNCTION "my schema".f(a int, b text[] DEFAULT '{}') RETURNS int LANGUAGE sql AS 'SELECT 1';
  SELECT lo_create(0);`;

const DROP_ROLES = `DROP OWNED BY "role with; blanks", "a ""b"" TABLE" CASCADE; DROP ROLE "role with; blanks", "a ""b"" TABLE"`;

/** The lines of `pg_restore --list -v`, with what an entry depends on. */
async function listed({ binDir }: TestDatabase, dump: Buffer): Promise<readonly string[]> {
  const args = ['--list', '--verbose', await fileOf(dump)];
  const { stdout } = await run(join(binDir, 'pg_restore'), args, { env, maxBuffer: 2 ** 28 });
  return stdout.split('\n').filter((line) => /^(?:\d+; \d+|;\tdepends on:)/.test(line));
}

describe.each(clusters())('the table of contents that pg_dump of $title writes', (facts) => {
  it.each([[[]], [['--no-owner', '--no-acl']], [['--schema-only']]])(
    'has the entries of pg_restore --list -v (pg_dump %j)',
    async (args) => {
      const database = await freshDatabase(facts);
      try {
        await database.query(ODD_NAMES);
        const { stdout: dump } = await run(
          join(facts.binDir, 'pg_dump'),
          ['-Fc', ...args, '-d', database.url],
          { env, encoding: 'buffer', maxBuffer: 2 ** 28 },
        );
        const { entries, ...head } = await readArchive(chunksOf(dump));
        expect(head).toMatchObject({ database: database.database });
        expect(head.serverVersion).toMatch(new RegExp(`^${facts.major}\\.`));
        const oneLine = (text: string): string => text.replaceAll(/[\r\n]/g, ' ');
        const lines = entries.flatMap(({ id, catalog, oid, kind, schema, name, owner, dependencies }) => [
          `${id}; ${catalog} ${oid} ${kind} ${oneLine(schema ?? '-')} ${oneLine(name)} ${oneLine(owner)}`,
          ...(dependencies.length === 0 ? [] : [`;\tdepends on: ${dependencies.join(' ')}`]),
        ]);
        expect(lines).toEqual(await listed(database, dump));
        expect(lines.length).toBeGreaterThan(50);
        const owners = new Set(entries.map(({ owner }) => owner));
        expect(owners).toContain('role with; blanks');
        expect(owners).toContain('a "b" TABLE');
      } finally {
        await database.query(DROP_ROLES);
      }
    },
  );
});

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield await Promise.resolve(bytes.subarray(at, at + 1000));
}
