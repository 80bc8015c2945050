import { readdirSync, readFileSync } from 'node:fs';

/**
 * Programs that work on a database: those with its name in their environment, as pg_dump and its kin have.
 */
export function programsOn(database: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(`PGDATABASE=${database}`))
    .map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has just ended, or is another process's
  }
}
