import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One installed PostgreSQL server with its clients and PostGIS. */
export interface PostgresPrograms {
  readonly major: number;
  readonly binDir: string;
  /** Whether pgvector is there too. */
  readonly vector: boolean;
}

const NEEDED = ['initdb', 'postgres', 'psql', 'pg_dump', 'pg_dumpall', 'pg_restore'];

/**
 * The PostgreSQL programs below `root` (laid out as Debian does: lib/postgresql/MAJOR/bin,
 * share/postgresql/MAJOR), newest first. Only those that can run a PostGIS database: server, clients and the
 * extension's files are there. Empty when there are none; never throws.
 */
export function findPostgresPrograms(root = '/usr'): PostgresPrograms[] {
  return versions(join(root, 'lib/postgresql'))
    .map((major) => describePrograms(join(root, 'lib/postgresql', String(major), 'bin')))
    .filter((found) => found !== undefined);
}

/**
 * The installation that a folder of programs belongs to, or undefined when something a test cluster needs is
 * missing.
 */
export function describePrograms(binDir: string): PostgresPrograms | undefined {
  const major = Number(/\/postgresql\/(\d+)\/bin\/?$/.exec(binDir)?.[1]);
  const extensions = join(binDir, '../../../../share/postgresql', String(major), 'extension');
  const whole =
    NEEDED.every((program) => existsSync(join(binDir, program))) &&
    existsSync(join(extensions, 'postgis.control'));
  return whole ? { major, binDir, vector: existsSync(join(extensions, 'vector.control')) } : undefined;
}

function versions(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => b - a);
}
