import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CliEnd } from '../../support/cli.ts';
import { newestCluster } from '../../support/clusters.ts';
import { onAWeekday } from '../../support/operator.ts';
import { related } from './support/databases.ts';
import { newRestorer, type Restorer } from './support/restorer.ts';
import { difference, NONE, stateOf } from './support/state.ts';

const EXIT = { refused: 1, wrongInput: 2, damaged: 5 };

describe.each(newestCluster())('on $title a restore is refused, and changes nothing,', (cluster) => {
  let restorer: Restorer;
  let timestamp: string;
  let live: readonly string[];

  beforeEach(async () => {
    restorer = await newRestorer(cluster, { content: 'small' });
    timestamp = await restorer.goodRun(onAWeekday());
    await restorer.ask('DELETE FROM ONLY data.stations; CREATE TABLE data.newer (id integer)');
    live = await stateOf(restorer.database.client, restorer.database.database);
  });

  /** A restore that has to be refused, with all of these words. */
  async function refused(
    code: number,
    args: readonly string[],
    ...words: readonly string[]
  ): Promise<CliEnd> {
    const end = await restorer.restore(args);
    expect(end.code, end.stderr).toBe(code);
    for (const word of words) expect(end.stderr).toContain(word);
    expect(JSON.parse(end.stdout)).toEqual({
      error: expect.objectContaining({ code: expect.any(String) as string }) as object,
    });
    expect(difference(live, await stateOf(restorer.database.client, restorer.database.database))).toEqual(
      NONE,
    );
    expect(await related(restorer.database)).toEqual([restorer.database.database]);
    return end;
  }

  async function flipByte(path: string, where = 0.5): Promise<void> {
    const content = await readFile(path);
    const at = Math.floor(content.length * where);
    content[at] = content[at]! ^ 1;
    await writeFile(path, content);
  }

  it.each([0.1, 0.5, 0.95])(
    'when one bit of the set’s dump is another, at %d of its length',
    async (where) => {
      await flipByte(restorer.dumpOf(timestamp), where);
      for (const what of ['latest', timestamp])
        await refused(
          EXIT.damaged,
          [what],
          'is not restored, and nothing was changed',
          `${restorer.database.database}_${timestamp}.dump`,
        );
    },
  );

  it('when the set’s globals are damaged, also when its dump is: both are told at once', async () => {
    await flipByte(restorer.path('daily', `globals-${timestamp}.sql`));
    await refused(EXIT.damaged, [timestamp], `globals-${timestamp}.sql`);
    await flipByte(restorer.dumpOf(timestamp));
    await refused(
      EXIT.damaged,
      [timestamp],
      ` - globals-${timestamp}.sql`,
      ` - ${restorer.database.database}_${timestamp}.dump`,
    );
  });

  it('when the file is no dump, or not all of one', async () => {
    const dump = await readFile(restorer.dumpOf(timestamp));
    const sql = await restorer.database.client.run('pg_dump', [restorer.database.database]);
    const contents = {
      text: 'hello',
      'plain SQL': sql,
      gzip: gzipSync(sql),
      nothing: '',
      half: dump.subarray(0, dump.length / 2),
      'nearly all': dump.subarray(0, -200),
      'the beginning': dump.subarray(0, 3),
    };
    for (const [name, content] of Object.entries(contents)) {
      const file = `${restorer.volume.backups}/${name}.dump`;
      await writeFile(file, content);
      await refused(EXIT.damaged, [file], `${name}.dump`);
    }
  });

  it('when there is no such file or set', async () => {
    await refused(EXIT.wrongInput, ['/nowhere/x.dump'], '/nowhere/x.dump');
    await refused(EXIT.wrongInput, [restorer.volume.backups], restorer.volume.backups);
    await refused(
      EXIT.wrongInput,
      ['20010101_000000'],
      'there is no set 20010101_000000',
      'geolens-backup list',
    );
    await refused(EXIT.wrongInput, ['latest', '--store', 'tape'], 'tape');
    await refused(EXIT.wrongInput, ['latest', '--in-place', '--table', 'data.stations'], '--in-place');
    await refused(
      EXIT.wrongInput,
      ['latest', '--with-dependents'],
      '--with-dependents needs --table or --schema',
    );
    await rm(restorer.volume.backups, { recursive: true });
  });

  it('when a check found the set bad, unless forced; `latest` passes it over and says so', async () => {
    const bad = await restorer.goodRun(onAWeekday());
    const manifest = restorer.path('daily', `manifest-${bad}.json`);
    const content = JSON.parse(await readFile(manifest, 'utf8')) as { checks: { readable: { ok: boolean } } };
    content.checks.readable.ok = false;
    await writeFile(manifest, JSON.stringify(content));
    await refused(EXIT.refused, [bad], 'it failed the check "readable"', '--force');
    const end = await restorer.restore(['latest']);
    expect(end.code, end.stderr).toBe(0);
    expect(end.stderr).toMatch(new RegExp(`WARN .*${bad}.*is passed over`));
    expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations')).toBe('50');
    const forced = await restorer.goodRestore([bad, '--force']);
    expect(forced.warnings.join()).toContain('it failed the check "readable"');
    expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations')).toBe('0');
  });

  it('when the set is not whole, unless forced', async () => {
    await rm(restorer.path('daily', `globals-${timestamp}.sql`));
    await refused(EXIT.refused, [timestamp], 'it is partial', '--force');
    await refused(EXIT.wrongInput, ['latest'], 'there is no set of database');
    await restorer.goodRestore([timestamp, '--force']);
    expect(await restorer.ask('SELECT count(*) FROM ONLY data.stations')).toBe('50');
  });

  it('when the dump has another length than the manifest says', async () => {
    const dump = restorer.dumpOf(timestamp);
    await appendFile(dump, 'x');
    expect((await restorer.restore([timestamp])).code).not.toBe(0);
    await truncate(dump, 1000);
    expect((await restorer.restore([timestamp])).code).not.toBe(0);
    expect((await restorer.restore([timestamp, '--force'])).code).toBe(EXIT.damaged);
    expect(difference(live, await stateOf(restorer.database.client, restorer.database.database))).toEqual(
      NONE,
    );
  });
});
