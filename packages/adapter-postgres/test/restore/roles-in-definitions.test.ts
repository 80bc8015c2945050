import { describe, expect, it } from 'vitest';
import { rolesInDefinitions } from '../../src/restore/prepare.ts';

function rolesIn(kind: string, definition: string): readonly string[] {
  return rolesInDefinitions([
    {
      id: 1,
      catalog: 1,
      oid: 1,
      kind,
      schema: 's',
      name: 'x',
      owner: 'o',
      section: 'pre-data',
      tablespace: undefined,
      definition,
      dropping: '',
      dependencies: [],
    },
  ]);
}

describe('the roles that definitions need', () => {
  it('are those of policies', () => {
    const policy = (rest: string): string => `CREATE POLICY p ON public.t${rest} USING (true);\n`;
    expect(rolesIn('POLICY', policy(' FOR SELECT TO reader, "other ""one"""'))).toEqual([
      'reader',
      'other "one"',
    ]);
    expect(rolesIn('POLICY', policy(''))).toEqual([]);
    expect(rolesIn('POLICY', policy(' TO PUBLIC'))).toEqual([]);
  });

  it('are those of user mappings', () => {
    const mapping = (role: string): string =>
      `CREATE USER MAPPING FOR ${role} SERVER s OPTIONS (\n    password 'FOR x SERVER y'\n);\n`;
    expect(rolesIn('USER MAPPING', mapping('gis'))).toEqual(['gis']);
    expect(rolesIn('USER MAPPING', mapping('"Gis User"'))).toEqual(['Gis User']);
    expect(rolesIn('USER MAPPING', mapping('public'))).toEqual([]);
  });

  it('are those that routines are set to, not what stands in bodies', () => {
    const routine = (clauses: string, body = 'SELECT 1'): string =>
      `CREATE FUNCTION s.f() RETURNS integer\n    LANGUAGE sql SECURITY DEFINER${clauses}\n    AS $$${body}$$;\n`;
    expect(rolesIn('FUNCTION', routine(`\n    SET search_path TO 'a'\n    SET role TO 'it''s'`))).toEqual([
      "it's",
    ]);
    expect(rolesIn('PROCEDURE', routine(`\n    SET session_authorization TO 'x'`))).toEqual(['x']);
    expect(rolesIn('FUNCTION', routine(`\n    SET role TO 'none'`))).toEqual([]);
    expect(rolesIn('FUNCTION', routine('', `\n    SET role TO 'y'`))).toEqual([]);
  });

  it('are not taken from other kinds', () => {
    expect(rolesIn('VIEW', 'CREATE USER MAPPING FOR gis SERVER s;')).toEqual([]);
  });
});
