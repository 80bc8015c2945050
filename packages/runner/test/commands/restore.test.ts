import { expect, it } from 'vitest';
import { MemoryStore } from '@geolens/backup-core/testing';
import { restore } from '../../src/commands/restore.ts';
import { run } from '../../src/commands/run.ts';
import { commandKit } from '../support/command-kit.ts';

it.each(['y', 'n'])('logs that it restores after the question only, answered with %s', async (answer) => {
  const { context, output } = await commandKit(new MemoryStore('local'));
  await run(context, { json: false });
  output.logged = '';
  let before = '';
  const terminal = {
    ask: () => {
      before = output.logged;
      return Promise.resolve(answer);
    },
    status: () => undefined,
  };
  const flags = {
    ...{ inPlace: false, table: [], schema: [], withDependents: false, dropPrevious: false, dryRun: false },
    ...{
      staging: true,
      yes: false,
      force: false,
      allowPrivilegedRoles: false,
      keepGoing: false,
      json: false,
    },
  };
  const work = restore({ ...context, io: { ...context.io, terminal } }, 'latest', flags);
  const code = await work.catch((error: unknown) => error);
  expect(before).toMatch(
    /checking the restore of set 20260201_000000 \(\S+, local\) into database "geolens"/,
  );
  expect(before).not.toContain('restoring set');
  if (answer === 'y') expect(output.logged).toContain('restoring set 20260201_000000');
  else expect([code, output.logged]).toEqual([expect.objectContaining({ code: 'ABORTED' }), before]);
});
