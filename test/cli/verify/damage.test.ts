import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../packages/runner/src/cli.ts';
import { anyCluster, freshDatabase } from '../../support/clusters.ts';
import { freshVolume } from '../../support/volume.ts';
import { Operator } from '../../support/operator.ts';

/** 200 with `npm test -- damage --mode long`. */
const FLIPS = process.env['MODE'] === 'long' ? 200 : 6;
const CUT_PERCENT = 5;

/**
 * A small set of its own kind, and the command in this process: hundreds of verifications take a while all
 * the same.
 */
async function smallSet(
  compression: string,
): Promise<{ operator: Operator; timestamp: string; env: Record<string, string> }> {
  const database = await freshDatabase(anyCluster(), { content: 'empty' });
  await database.query(
    `CREATE TABLE notes (id int PRIMARY KEY, text text); INSERT INTO notes SELECT n, md5(n::text) FROM generate_series(1, 400) n`,
  );
  const volume = await freshVolume();
  await rm(join(volume.staging, 'uploads'), { recursive: true });
  const operator = new Operator(database, volume);
  const env = { PATH: process.env['PATH']!, ...operator.env, BACKUP_COMPRESSION: compression };
  return { operator, timestamp: await operator.goodRun({ env: { BACKUP_COMPRESSION: compression } }), env };
}

/** Flips bits at places that are the same in every run of the test. */
function* places(bits: number): Generator<number> {
  let state = 20_261_122;
  for (let flip = 0; flip < FLIPS; flip += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.floor((state / 2 ** 32) * bits);
  }
}

describe.each(['auto', 'none'])('`verify`, of a set whose dump is compressed as %s,', (compression) => {
  it(`finds ${FLIPS} flipped bits in each of its artifacts, and the dump cut at every 5 %, and names the artifact`, {
    timeout: 600_000,
  }, async () => {
    const { operator, timestamp, env } = await smallSet(compression);
    const [folder, pristine] = [
      join(operator.volume.backups, 'daily'),
      join(operator.volume.backups, 'pristine'),
    ];
    await cp(folder, pristine, { recursive: true });
    const verify = async (what: string): Promise<{ code: number; said: string }> => {
      let said = '';
      const io = {
        stdout: (text: string) => {
          said += text;
        },
        stderr: () => undefined,
      };
      return {
        code: await runCli(['verify', what], { env, io, signal: new AbortController().signal }),
        said,
      };
    };
    const missed: string[] = [];
    const tryOut = async (name: string, content: Uint8Array, how: string): Promise<void> => {
      await writeFile(join(folder, name), content);
      const { code, said } = await verify(timestamp);
      const named = said.split('\n').some((line) => line.includes('BAD') && line.includes(name));
      if (code !== 5 || !named) missed.push(`${name}, ${how}: exit ${code}\n${said}`);
      await restorePristine();
    };
    const restorePristine = async (): Promise<void> => {
      await rm(folder, { recursive: true });
      await cp(pristine, folder, { recursive: true });
    };
    expect(await verify(timestamp)).toMatchObject({ code: 0 });
    await restorePristine();
    const names = await readdir(folder);
    expect(names).toHaveLength(4);
    for (const name of names) {
      const whole = await readFile(join(folder, name));
      for (const bit of places(whole.length * 8)) {
        const flipped = Buffer.from(whole);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        await tryOut(name, flipped, `bit ${bit}`);
      }
      for (let percent = 0; percent < 100; percent += CUT_PERCENT)
        await tryOut(
          name,
          whole.subarray(0, Math.floor((whole.length * percent) / 100)),
          `cut to ${percent} %`,
        );
    }
    expect(missed).toEqual([]);
  });
});
