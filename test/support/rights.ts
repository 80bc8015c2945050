/** All rights in a database, each as a line: who gave whom what on which object. Defaults are spelt out. */
export const RIGHTS = `
  WITH objects AS (
    SELECT 'relation ' || c.oid::regclass AS object, coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
      FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    UNION ALL SELECT format('column %s.%I', a.attrelid::regclass, a.attname), a.attacl FROM pg_attribute a
      WHERE a.attacl IS NOT NULL AND a.attrelid::regclass::text !~ '^(pg_catalog|information_schema|pg_)'
    UNION ALL SELECT 'function ' || p.oid::regprocedure, coalesce(p.proacl, acldefault('f', p.proowner)) FROM pg_proc p WHERE p.pronamespace::regnamespace::text <> 'pg_catalog'
    UNION ALL SELECT 'type ' || t.oid::regtype, coalesce(t.typacl, acldefault('T', t.typowner)) FROM pg_type t
      WHERE t.typnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND t.typcategory <> 'A' AND t.typrelid = 0
    UNION ALL SELECT 'schema ' || n.oid::regnamespace, coalesce(n.nspacl, acldefault('n', n.nspowner)) FROM pg_namespace n WHERE n.nspname !~ '^pg_'
    UNION ALL SELECT 'large object ' || l.oid, coalesce(l.lomacl, acldefault('L', l.lomowner)) FROM pg_largeobject_metadata l
    UNION ALL SELECT 'database', coalesce(d.datacl, acldefault('d', d.datdba)) FROM pg_database d WHERE d.datname = current_database()
    UNION ALL SELECT format('default %s %s %s', d.defaclrole::regrole, d.defaclnamespace::regnamespace, d.defaclobjtype), d.defaclacl FROM pg_default_acl d
  )
  SELECT format('%s: %s gave %s %s%s', object, a.grantor::regrole, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                a.privilege_type, CASE WHEN a.is_grantable THEN ' *' END)
    FROM objects, aclexplode(acl) a ORDER BY 1`;

/** Settings and comment of the database, of roles in it and everywhere; their names and values. */
export const PROPERTIES = `
  SELECT format('%s %s %s', CASE s.setdatabase WHEN 0 THEN 'everywhere' ELSE 'here' END, CASE s.setrole WHEN 0 THEN 'everybody' ELSE s.setrole::regrole::text END, entry)
    FROM pg_db_role_setting s, unnest(s.setconfig) entry WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
  UNION ALL SELECT 'comment ' || description FROM pg_shdescription WHERE classoid = 'pg_database'::regclass
    AND objoid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`;

export const ROLES = `
  SELECT format('%I %s', rolname, (to_jsonb(r) - 'oid' - 'rolname')::text) FROM pg_roles r WHERE rolname !~ '^pg_'
  UNION ALL SELECT format('member %s', (to_jsonb(m) - 'oid' || jsonb_build_object('roleid', roleid::regrole, 'member', member::regrole, 'grantor', grantor::regrole))::text) FROM pg_auth_members m
    WHERE roleid::regrole::text !~ '^pg_' OR member::regrole::text !~ '^pg_'
  UNION ALL SELECT format('comment %s %s', objoid::regrole, description) FROM pg_shdescription WHERE classoid = 'pg_authid'::regclass AND objoid::regrole::text !~ '^pg_' ORDER BY 1`;
