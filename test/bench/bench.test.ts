import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, inject, it } from 'vitest';
import { reportText } from '../../bench/report.ts';
import type { Results } from '../../bench/results.ts';
import { noFaketime } from '../support/faketime.ts';
import { anyCluster } from '../support/clusters.ts';

const BENCH = fileURLToPath(new URL('../../bench/bench.ts', import.meta.url));

/** Without rclone the bench would want to install it. */
const withS3 = (): boolean =>
  inject('missingGateway') === undefined &&
  spawnSync('rclone', ['version'], { stdio: 'ignore' }).status === 0;

it.skipIf(noFaketime !== undefined)(
  'measures a whole run beside the documented way and the floor',
  { timeout: 180_000 },
  () => {
    const { major } = anyCluster();
    const s3 = withS3();
    const args = [
      '--database-mb',
      '5',
      '--staging-mb',
      '5',
      '--runs',
      '1',
      '--servers',
      String(major),
      '--json',
      ...(s3 ? [] : ['--no-s3']),
    ];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=geolens-source', BENCH, ...args],
      { encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
    const results = JSON.parse(stdout) as Results;
    const { server, samples, compression } = results.runs![0]!;
    expect({ server, compression }).toEqual({ server: major, compression: major < 16 ? 'gzip:1' : 'zstd:1' });
    expect(Object.keys(samples)).toEqual([
      'ours',
      'documented',
      'floor',
      ...(s3 ? ['floor, all at once'] : []),
    ]);
    for (const [sample] of Object.values(samples)) {
      expect(sample!.seconds).toBeGreaterThan(0);
      expect(sample!.cpuSeconds).toBeGreaterThan(0);
      expect(sample!.treePeakBytes).toBeGreaterThan(1_000_000);
    }
    const [ours, documented] = [samples.ours![0]!, samples.documented![0]!];
    expect(ours.ownPeakBytes, 'Node alone').toBeGreaterThan(30_000_000);
    expect(ours.bytes / documented.bytes, 'bytes of the same set').toBeGreaterThan(0.7);
    expect(ours.bytes / documented.bytes).toBeLessThan(1.3);
    expect(Object.keys(ours.phases!)).toEqual(expect.arrayContaining(['produce dump', 'verify dump']));

    const report = reportText(results);
    expect(report).toMatch(new RegExp(`^PostgreSQL ${major} +ours +\\d`, 'm'));
    expect(report).toMatch(
      new RegExp(`^PostgreSQL ${major} +documented +\\d+\\.\\d\\d .* (1/\\d|\\d+\\.\\d\\d ×)`, 'm'),
    );
    expect(report).toMatch(/^Peak memory of Node .* (met|missed) /m);
  },
);

it('says what options there are when it is given others', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=geolens-source', BENCH, '--runs', 'many'],
    { encoding: 'utf8' },
  );
  expect(status).toBe(2);
  expect(stderr).toMatch(/--runs: many is no number\nusage: npm run bench/);
});
