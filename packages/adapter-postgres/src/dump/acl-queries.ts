/**
 * Number of the role that `initdb` creates. Its objects become owned by the restoring role, because the role
 * may have another name there.
 */
export const BOOTSTRAP_SUPERUSER = 10;

/**
 * SQL expression: the grantee of an ACL entry as GRANT and REVOKE name it. `CURRENT_USER` is the owner if
 * that is the bootstrap superuser.
 */
export function granteeOf(grantee: string, owner: string): string {
  return `CASE WHEN ${grantee} = 0 THEN 'PUBLIC' WHEN ${grantee} = ${owner} AND ${owner} = ${BOOTSTRAP_SUPERUSER} THEN 'CURRENT_USER'
    ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(${grantee})) END`;
}

/**
 * SQL condition: a stored ACL lacks the default privilege `d`, a row of aclexplode. NULL stands for the
 * default ACL, which lacks nothing.
 */
export function isRevoked(acl: string): string {
  return `${acl} IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_catalog.aclexplode(${acl}) kept WHERE kept.grantee = d.grantee AND kept.privilege_type = d.privilege_type)`;
}
