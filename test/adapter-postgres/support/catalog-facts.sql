-- Prints the content of a database, one fact each and without OIDs, to compare it with that of a restored one.
-- Left out: expressions and numbers of columns, which pg_dump prints; statistics of rows; and what no dump keeps:
-- owner and comment of a multirange type (before PostgreSQL 17), the order of functions and transforms, how the
-- columns and values of a table and an enum came about.
\set ON_ERROR_STOP 1
\pset recordsep_zero on
SET search_path = pg_catalog;
SET row_security = off;
SET client_min_messages = error;

CREATE FUNCTION pg_temp.named(class oid, object oid, part int = 0) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN object = 0 THEN '-'
    WHEN class = 'pg_authid'::regclass THEN pg_get_userbyid(object)
    WHEN class = 'pg_database'::regclass THEN 'database'
    ELSE (SELECT type || ' ' || identity
            FROM pg_identify_object(CASE class WHEN 'pg_largeobject_metadata'::regclass THEN 'pg_largeobject'::regclass ELSE class END, object, part))
  END $$;

-- rows of the catalogs: what other rows refer to by OID is named
WITH keys AS (
  SELECT fktable, fkcols[1] AS name, pktable, is_array FROM pg_get_catalog_foreign_keys() WHERE pkcols = '{oid}' AND cardinality(fkcols) = 1
), columns AS (
  SELECT c.oid AS catalog, a.attname, a.attnum,
         CASE WHEN is_array THEN format('(SELECT array_agg(pg_temp.named(%s, one) ORDER BY n) FROM unnest(t.%I) WITH ORDINALITY u (one, n))::text', pktable::oid, attname)
              WHEN pktable IS NOT NULL THEN format('pg_temp.named(%s, t.%I)', pktable::oid, attname)
              WHEN attname = 'attoptions' THEN $q$(SELECT array_agg(one) FROM unnest(t.attoptions) one WHERE one NOT LIKE 'pg\_attver=%')::text$q$
              ELSE format('t.%I::text', attname) END AS value,
         bool_or(a.attname = 'oid') OVER (PARTITION BY c.oid) AS has_oid,
         first_value(a.attname) OVER (PARTITION BY c.oid ORDER BY pktable IS NULL, a.attnum) AS first_key
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 LEFT JOIN keys k ON k.fktable = c.oid AND k.name = a.attname
   WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared
     AND c.relname <> ALL (ARRAY['pg_depend', 'pg_description', 'pg_init_privs', 'pg_largeobject', 'pg_seclabel', 'pg_statistic', 'pg_statistic_ext_data', 'pg_subscription_rel'])
)
SELECT format($q$SELECT %L || concat_ws('; ', %s) FROM %s t WHERE %s$q$, catalog::regclass || ': ',
         string_agg(format('%L || %s', attname || ' ', value), ', ' ORDER BY attnum), catalog::regclass,
         CASE catalog WHEN 'pg_attribute'::regclass THEN 'attrelid >= 16384 AND attnum > 0 AND NOT attisdropped'
                      WHEN 'pg_namespace'::regclass THEN $q$nspname !~ '^pg_(temp|toast)'$q$
                      WHEN 'pg_type'::regclass THEN 'oid >= 16384 AND NOT EXISTS (SELECT FROM pg_range WHERE rngmultitypid IN (t.oid, t.typelem))'
                      ELSE CASE WHEN has_oid THEN 'oid' ELSE quote_ident(first_key) END || ' >= 16384' END)
       AS statement
  FROM columns
 WHERE attname <> ALL (ARRAY['oid', 'relpages', 'reltuples', 'relallvisible', 'relallfrozen', 'relfilenode', 'reltoastrelid', 'relfrozenxid', 'relminmxid', 'relnatts',
         'relhassubclass', 'attnum', 'attcacheoff', 'attmissingval', 'atthasmissing', 'indcheckxmin', 'adnum', 'attndims', 'collencoding', 'connoinherit', 'enumsortorder'])
   AND (SELECT atttypid FROM pg_attribute a WHERE a.attrelid = catalog AND a.attnum = columns.attnum)
       <> ALL (ARRAY['pg_node_tree', 'aclitem[]', 'int2vector', 'int2[]']::regtype[])
 GROUP BY catalog, has_oid, first_key \gexec

SELECT format('depends: %s on %s, %s', pg_temp.named(classid, objid, objsubid), pg_temp.named(refclassid, refobjid, refobjsubid), deptype)
  FROM pg_depend WHERE objid >= 16384 AND refclassid <> 'pg_transform'::regclass;
SELECT format('comment: %s: %s', pg_temp.named(classoid, objoid, objsubid), description)
  FROM pg_description WHERE (objoid >= 16384 OR classoid = 'pg_namespace'::regclass) 
   AND NOT EXISTS (SELECT FROM pg_range WHERE rngmultitypid = objoid) AND pg_temp.named(classoid, objoid, objsubid) <> ''; -- of a dropped subscription it stays
SELECT format('subscription: %s', to_jsonb(s) - '{oid,subdbid,subowner,subskiplsn}'::text[] || jsonb_build_object('owner', pg_get_userbyid(subowner)))
  FROM pg_subscription s WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT format('database: %s', to_jsonb(d) - '{oid,datname,datdba,datacl,datfrozenxid,datminmxid,dattablespace}'::text[]) FROM pg_database d WHERE datname = current_database();
SELECT format('comment: database: %s', description) FROM pg_shdescription JOIN pg_database d ON d.oid = objoid AND classoid = 'pg_database'::regclass WHERE datname = current_database();
SELECT format('setting: %s: %s', CASE setrole WHEN 0 THEN 'all roles' ELSE pg_get_userbyid(setrole) END, entry)
  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) entry WHERE datname = current_database();

-- privileges: those that are not recorded are spelt out
WITH lists AS (
  SELECT pg_temp.named('pg_class'::regclass, oid) AS object, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner)) AS acl
    FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relnamespace <> 'pg_toast'::regnamespace
  UNION ALL SELECT pg_temp.named('pg_class'::regclass, attrelid, attnum), attacl FROM pg_attribute WHERE attacl IS NOT NULL
  UNION ALL SELECT pg_temp.named('pg_proc'::regclass, oid), coalesce(proacl, acldefault('f', proowner)) FROM pg_proc WHERE pronamespace <> pg_my_temp_schema()
  UNION ALL SELECT pg_temp.named('pg_type'::regclass, oid), coalesce(typacl, acldefault('T', typowner)) FROM pg_type
             WHERE typnamespace <> 'pg_toast'::regnamespace AND (oid >= 16384 OR typacl IS NOT NULL)
               AND NOT EXISTS (SELECT FROM pg_range WHERE rngmultitypid IN (pg_type.oid, typelem))
  UNION ALL SELECT pg_temp.named('pg_namespace'::regclass, oid), coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
  UNION ALL SELECT pg_temp.named('pg_language'::regclass, oid), coalesce(lanacl, acldefault('l', lanowner)) FROM pg_language
  UNION ALL SELECT pg_temp.named('pg_foreign_data_wrapper'::regclass, oid), coalesce(fdwacl, acldefault('F', fdwowner)) FROM pg_foreign_data_wrapper
  UNION ALL SELECT pg_temp.named('pg_foreign_server'::regclass, oid), coalesce(srvacl, acldefault('S', srvowner)) FROM pg_foreign_server
  UNION ALL SELECT pg_temp.named('pg_largeobject'::regclass, oid), coalesce(lomacl, acldefault('L', lomowner)) FROM pg_largeobject_metadata
  UNION ALL SELECT 'database of ' || pg_get_userbyid(datdba), coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
  UNION ALL SELECT pg_temp.named('pg_default_acl'::regclass, oid), defaclacl FROM pg_default_acl
)
SELECT format('privilege: %s: %s gave %s %s%s', object, pg_get_userbyid(grantor), CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(grantee) END,
              privilege_type, CASE WHEN is_grantable THEN ' with grant option' END)
  FROM lists, aclexplode(acl);

-- content
SELECT format($q$SELECT 'rows: ' || %L || ': ' || count(*) || ' ' || md5(string_agg(to_jsonb(t)::text, E'\n' ORDER BY to_jsonb(t)::text COLLATE "C")) FROM ONLY %s t$q$,
              oid::regclass, oid::regclass)
  FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm') AND relispopulated \gexec
SELECT format($q$SELECT format('value: %%s: %%s %%s', %L, last_value, is_called) FROM %s$q$, oid::regclass, oid::regclass)
  FROM pg_class WHERE oid >= 16384 AND relkind = 'S' \gexec
SELECT format('large object: %s: %s', oid, md5(lo_get(oid))) FROM pg_largeobject_metadata;
