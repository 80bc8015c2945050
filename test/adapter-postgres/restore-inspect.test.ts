import { expect, it } from 'vitest';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { backupOf, restoring } from './support/restoring.ts';

it.each(['', 'ü'.repeat(32)])(
  'refuses the name %j, which the server would not keep as it is',
  async (name) => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    const backup = await backupOf(database);
    const { problems } = await restoring({ ...database, database: name }, (session) =>
      session.inspect(backup, { kind: 'aside' }),
    );
    expect(problems).toEqual([expect.stringContaining('cannot be the name of a database')]);
  },
);
