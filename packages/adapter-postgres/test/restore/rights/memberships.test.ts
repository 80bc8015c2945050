import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../src/restore/globals/globals.ts';
import { planMemberships } from '../../../src/restore/rights/memberships.ts';

const ADMIN = ' WITH ADMIN OPTION';
const server = { bootstrapSuperuser: 'postgres', admins: [{ role: 'old', member: 'clerk' }] };
const membership = (role: string, member: string, options: string, grantor?: string): Membership => ({
  role,
  member,
  options,
  grantor,
});

describe('planned memberships', () => {
  it('keep a grantor that is the bootstrap superuser or has the ADMIN OPTION on the server, and no other', () => {
    const all = [
      membership('old', 'a', '', 'clerk'),
      membership('old', 'b', '', 'postgres'),
      membership('old', 'c', '', 'gone'),
      membership('new', 'd', '', 'clerk'),
      membership('old', 'e', ''),
    ];
    expect(planMemberships(all, server)).toEqual([
      'GRANT "old" TO "a" GRANTED BY "clerk";',
      'GRANT "old" TO "b" GRANTED BY "postgres";',
      'GRANT "old" TO "c";',
      'GRANT "new" TO "d";',
      'GRANT "old" TO "e";',
    ]);
  });

  it('give a grantor its ADMIN OPTION before it grants, also where its own grantor is left out', () => {
    const all = [
      membership('g', 'c', '', 'b'),
      membership('g', 'b', ' WITH INHERIT FALSE, ADMIN TRUE', 'a'),
      membership('g', 'a', ADMIN, 'gone'),
    ];
    expect(planMemberships(all, server)).toEqual([
      'GRANT "g" TO "a" WITH ADMIN OPTION;',
      'GRANT "g" TO "b" WITH INHERIT FALSE, ADMIN TRUE GRANTED BY "a";',
      'GRANT "g" TO "c" GRANTED BY "b";',
    ]);
  });

  it('end where grantors form a circle, as servers before 16 allow', () => {
    const all = [membership('g', 'a', ADMIN, 'b'), membership('g', 'b', ADMIN, 'a')];
    expect(planMemberships(all, server)).toEqual([
      'GRANT "g" TO "a" WITH ADMIN OPTION;',
      'GRANT "g" TO "b" WITH ADMIN OPTION GRANTED BY "a";',
    ]);
  });

  it('keep their order and name no grantor on servers that do not check it', () => {
    expect(
      planMemberships([membership('g', 'b', '', 'a'), membership('g', 'a', ADMIN, 'postgres')], undefined),
    ).toEqual(['GRANT "g" TO "b";', 'GRANT "g" TO "a" WITH ADMIN OPTION;']);
  });
});
