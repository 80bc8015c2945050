import { describe, expect, it } from 'vitest';
import { drillName, drillOf, lockOf } from '../../../src/postgres/drill/drill-names.ts';
import { roomFor } from '../../../src/postgres/drill/drill-place.ts';
import { asArguments, fitsSocket, scratchSettings } from '../../../src/postgres/drill/scratch-settings.ts';
import { serverUser } from '../../../src/postgres/drill/server-user.ts';
import { freshFolder, isRoot } from '../../support/folders.ts';

describe('the place of a drill', () => {
  it('has a name of its own, by which its folder and its lock are known, and nothing else is', () => {
    const name = drillName();
    expect([drillOf(name), drillOf(lockOf(name))]).toEqual([name, name]);
    expect(drillName()).not.toBe(name);
    for (const other of [`${name}x`, `x${name}`, `${name}.lock.lock`, '.geolens-backup-drill-', '..', ''])
      expect(drillOf(other)).toBeUndefined();
  });

  it('has room for the database, what is kept, and the server', () => {
    expect(roomFor({ databaseBytes: 1_000_000_000, dumpBytes: 1, keptBytes: 5 })).toBe(1_300_000_005);
    expect(roomFor({ databaseBytes: undefined, dumpBytes: 1_000_000, keptBytes: 0 })).toBe(104_800_000);
  });

  it('has a path that is short enough for a socket, in bytes', () => {
    const longest = `/${'x'.repeat(107 - '/.s.PGSQL.1'.length - 1)}`;
    expect([fitsSocket(longest), fitsSocket(`${longest}x`), fitsSocket(longest.replace('xx', 'xü'))]).toEqual(
      [true, false, false],
    );
  });

  it('names the socket’s folder to the server whatever characters it has', () => {
    expect(asArguments(scratchSettings('/a, "b"', 2))).toContain('unix_socket_directories="/a, ""b"""');
  });

  it.runIf(isRoot)('needs a user for the server, when this is root', async () => {
    expect(await serverUser(`${await freshFolder()}/passwd`)).toEqual({
      lacking: expect.stringContaining('no user "postgres"') as string,
    });
  });

  it.runIf(!isRoot)('needs no other user than this one', async () => {
    expect(await serverUser()).toBeUndefined();
  });
});
