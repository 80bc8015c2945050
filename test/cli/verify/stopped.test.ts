import { describe, expect, it } from 'vitest';
import { programsIn } from '../../adapter-postgres/support/restore-tests.ts';
import { newestCluster } from '../../support/clusters.ts';
import { newOperator } from '../../support/operator.ts';

describe.each(newestCluster())('a restore test, $title,', (cluster) => {
  it('that is asked to end does so within seconds, and leaves nothing', async () => {
    const operator = await newOperator(cluster);
    await operator.goodRun();
    const before = await operator.volume.everything();
    const restoreTest = operator.start(['verify', '--restore']);
    await restoreTest.says('restoring the dump');
    const asked = performance.now();
    restoreTest.signal('SIGTERM');
    const end = await restoreTest.end;
    expect([end.code, performance.now() - asked < 8000]).toEqual([1, true]);
    expect([await operator.volume.everything(), programsIn(operator.volume.backups)]).toEqual([before, []]);
  });
});
