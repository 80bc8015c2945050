import { describe, expect, it } from 'vitest';
import { tolerantRoles } from '../../src/dump/globals.ts';

const tolerated = (create: string, tag = '$geolens$'): string =>
  `DO ${tag} BEGIN ${create} EXCEPTION WHEN duplicate_object THEN NULL; END ${tag};`;

describe('roles that may be there already', () => {
  it('are created by statements that do not mind; all else stays as it is', () => {
    const sql = `--\n-- Roles\n--\n\nCREATE ROLE geolens;\nALTER ROLE geolens WITH SUPERUSER;\nCREATE ROLE "Reader";\n\n\n-- done; CREATE ROLE no;\n`;
    expect(tolerantRoles(sql)).toBe(
      `--\n-- Roles\n--\n\n${tolerated('CREATE ROLE geolens;')}\nALTER ROLE geolens WITH SUPERUSER;\n${tolerated('CREATE ROLE "Reader";')}\n\n\n-- done; CREATE ROLE no;\n`,
    );
  });

  it.each(['"line\nfeed"', '"semi;colon"', '"quo""te;\n"', `"apo'strophe"`, '"-- comment"'])(
    'may be called %s',
    (name) => {
      expect(tolerantRoles(`SET x = 1;\nCREATE ROLE ${name};\nALTER ROLE ${name};\n`)).toBe(
        `SET x = 1;\n${tolerated(`CREATE ROLE ${name};`)}\nALTER ROLE ${name};\n`,
      );
    },
  );

  it('cannot break out of the quotes by their name', () => {
    const create = 'CREATE ROLE "a$geolens$; DROP TABLE x; $geolens_";';
    expect(tolerantRoles(create)).toBe(tolerated(create, '$geolens__$'));
  });

  it('are not looked for in literals', () => {
    const sql = `COMMENT ON ROLE x IS 'it''s\nCREATE ROLE y;\n';\nALTER ROLE x SET a.b TO 'CREATE ROLE z;';\n`;
    expect(tolerantRoles(sql)).toBe(sql);
  });

  it('come after psql’s own commands, which have no semicolon', () => {
    expect(tolerantRoles('\\restrict abc\n\nCREATE ROLE x;\n\n\\unrestrict abc\n')).toBe(
      `\\restrict abc\n\n${tolerated('CREATE ROLE x;')}\n\n\\unrestrict abc\n`,
    );
  });
});
