import { describe, expect, it, onTestFinished } from 'vitest';
import { findInstallations } from '../../packages/adapter-postgres/src/connection/postgres-programs.ts';
import { dropDatabase } from '../../packages/adapter-postgres/src/restore/aside-database.ts';
import { Server } from '../../packages/adapter-postgres/src/restore/server.ts';
import { anyCluster, freshDatabase } from '../support/clusters.ts';
import { env, never } from './support/producers.ts';

describe('a database that another session keeps from being dropped', () => {
  it('is kept, with an error, and the session waits for other statements as before', async () => {
    const database = await freshDatabase(anyCluster(), { content: 'empty' });
    const { host, port, user, binDir } = database;
    const connection = { host, port, user, database: database.database };
    const installations = await findInstallations({ binDir, env });
    const server = await Server.open(database.database, { connection, env, installations, signal: never });
    onTestFinished(() => server.close());
    const other = await Server.open(database.database, { connection, env, installations, signal: never });
    await other.ask('commenting', `BEGIN; COMMENT ON DATABASE "${database.database}" IS 'held'`);
    await expect(dropDatabase(server, database.database, '1s')).rejects.toThrow(
      /dropping the database .* statement timeout/,
    );
    expect(await server.ask('asking', 'SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
    await other.close();
    await dropDatabase(server, database.database);
    expect(
      await server.ask('asking', 'SELECT 1 FROM pg_database WHERE datname = $1', [database.database]),
    ).toEqual([]);
  });
});
