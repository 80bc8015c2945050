import { describe, expect, it } from 'vitest';
import { restoreTestName, restoreTestOf, lockOf } from '../../src/restore-test/restore-test-paths.ts';
import { diskNeeded } from '../../src/restore-test/restore-test-place.ts';
import {
  asArguments,
  fitsSocket,
  temporaryServerSettings,
} from '../../src/restore-test/temporary-server-settings.ts';

describe('the place of a restore test', () => {
  it('has a name of its own, by which its folder and its lock are known, and nothing else is', () => {
    const name = restoreTestName();
    expect([restoreTestOf(name), restoreTestOf(lockOf(name))]).toEqual([name, name]);
    expect(restoreTestName()).not.toBe(name);
    for (const other of [`${name}x`, `x${name}`, `${name}.lock.lock`, '.geolens-backup-drill-', '..', ''])
      expect(restoreTestOf(other)).toBeUndefined();
  });

  it('has room for the database, what is kept, and the server', () => {
    expect(diskNeeded({ databaseBytes: 1_000_000_000, dumpBytes: 1, keptBytes: 5 })).toBe(1_300_000_005);
    expect(diskNeeded({ databaseBytes: undefined, dumpBytes: 1_000_000, keptBytes: 0 })).toBe(104_800_000);
  });

  it('has a path that is short enough for a socket, in bytes', () => {
    const longest = `/${'x'.repeat(107 - '/.s.PGSQL.1'.length - 1)}`;
    expect([fitsSocket(longest), fitsSocket(`${longest}x`), fitsSocket(longest.replace('xx', 'xü'))]).toEqual(
      [true, false, false],
    );
  });

  it('has a server with locks for all objects at once, and with the libraries of their extensions', () => {
    const needs = {
      entries: 11_000,
      oneDatabase: { 'cron.database_name': 'x_restoring_1' },
      libraries: ['pg_stat_statements', 'timescaledb'],
    };
    expect(temporaryServerSettings('/a', 2, needs)).toMatchObject({
      'cron.database_name': 'x_restoring_1',
      max_locks_per_transaction: '2064',
      shared_preload_libraries: 'pg_stat_statements,timescaledb',
      max_worker_processes: '0',
    });
  });

  it('names the socket’s folder to the server whatever characters it has', () => {
    expect(asArguments(temporaryServerSettings('/a, "b"', 2))).toContain(
      'unix_socket_directories="/a, ""b"""',
    );
  });
});
