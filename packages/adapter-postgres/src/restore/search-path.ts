import { valueOf } from '../connection/queries.ts';
import type { Rights } from './rights/rights.ts';
import type { SessionParts } from './session-parts.ts';

/** The search_path of a server without a setting. */
const DEFAULT_SEARCH_PATH = '"$user", public';

/** Returns the search_path of the original database, or of the live one. */
export async function searchPathOf(
  { server, database }: SessionParts,
  rights: Rights | undefined,
): Promise<string> {
  const ofSet = rights?.globals.database.find(
    ({ setting, template }) => setting?.name === 'search_path' && template.startsWith('ALTER DATABASE '),
  );
  if (ofSet?.setting !== undefined) return ofSet.setting.value;
  const [live = DEFAULT_SEARCH_PATH] = await server.values(
    'asking for the search_path',
    `SELECT pg_catalog.substr(entry, pg_catalog.length('search_path=') + 1)
       FROM pg_catalog.pg_database d JOIN pg_catalog.pg_db_role_setting s ON s.setdatabase = d.oid AND s.setrole = 0, pg_catalog.unnest(s.setconfig) entry
      WHERE d.datname = $1 AND pg_catalog.starts_with(entry, 'search_path=')`,
    [database],
  );
  return live;
}

/** Finds functions and operators in the schemas that belong to a role without superuser rights. */
const OF_OTHERS = `
  SELECT EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r ON r.oid = p.proowner WHERE NOT r.rolsuper AND p.pronamespace = ANY (here.schemas))
      OR EXISTS (SELECT FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_roles r ON r.oid = o.oprowner WHERE NOT r.rolsuper AND o.oprnamespace = ANY (here.schemas)) AS found
    FROM (SELECT ARRAY (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY (pg_catalog.current_schemas(false))) AS schemas) here`;

/** Returns whether unprivileged roles have functions or operators in the schemas of a search_path. */
export async function hasCodeOfOthers(
  server: SessionParts['server'],
  database: string,
  searchPath: string,
): Promise<boolean> {
  return server.within(database, 'inspecting the search_path', async (client) => {
    await client.query(`SELECT pg_catalog.set_config('search_path', $1, false)`, [searchPath]);
    return valueOf<boolean>(client, OF_OTHERS);
  });
}
