import { isOfPgDumpall } from '@geolens/backup-core/internal';
import { decodeBytes } from '../../connection/byte-text.ts';
import { group, IDENTIFIER, nameOf, quoteIdentifier, unquoteLiteral } from '../../connection/identifiers.ts';
import { LACKING_PART } from '../../dump/globals.ts';
import { FORMS, HARMLESS_COMMAND, LITERAL, NAME, TEMPLATES } from './grammar.ts';
import { itemsOf, type SqlItem } from '../../connection/sql-text.ts';

/** A statement about one role. */
export interface RoleStatement {
  readonly role: string;
  readonly text: string;
}

export interface RoleAttributes {
  readonly role: string;
  /** Words of the statement: `SUPERUSER`, `NOLOGIN`, `PASSWORD '…'`. */
  readonly attributes: readonly string[];
}

export interface RoleSetting extends RoleStatement {
  readonly setting: string;
}

export interface Membership {
  readonly role: string;
  readonly member: string;
  /** ` WITH ADMIN OPTION`, or an empty text. */
  readonly options: string;
  /** The granting role; `undefined` if the statement names none. */
  readonly grantor?: string | undefined;
}

/** A statement about the database itself, regardless of its name. */
export interface DatabaseStatement {
  readonly kind: keyof typeof TEMPLATES;
  /** `%1$I` stands for the name of the database, `%%` for a percent sign. */
  readonly template: string;
  /** Role whose setting in the database it is; `undefined` for the database itself. */
  readonly role?: string | undefined;
  /** Setting of the session that the statement copies its value from. */
  readonly setting: { readonly name: string; readonly value: string } | undefined;
}

/** Returns the SQL of a statement for a database of this name. */
export function statementOn({ template }: DatabaseStatement, database: string): string {
  return template.replaceAll(/%%|%1\$I/g, (code) => (code === '%%' ? '%' : quoteIdentifier(database)));
}

/** The globals of a set, parsed as data: geolens-backup or pg_dumpall wrote every statement. */
export interface Globals {
  /** Roles in the order of their creation. */
  readonly roles: readonly string[];
  readonly attributes: readonly RoleAttributes[];
  readonly settings: readonly RoleSetting[];
  readonly comments: readonly RoleStatement[];
  readonly memberships: readonly Membership[];
  readonly database: readonly DatabaseStatement[];
  readonly owners: readonly string[];
  /** Roles that own an object. */
  readonly ownerNames: ReadonlySet<string>;
  /** Privileges, default privileges and the changes of the granting role. */
  readonly grants: readonly string[];
  /** Start of every statement without a known form. It is never executed. */
  readonly refused: readonly string[];
  /** Whether the text has the sections of geolens-backup; otherwise it has no owners and privileges. */
  readonly isOurs: boolean;
  /** Whether a part could not be read at the backup. */
  readonly isIncomplete: boolean;
  /** Whether only pg_dumpall wrote it: all roles, memberships and settings of its server. */
  readonly isOfPgDumpall: boolean;
}

/** Titles of the sections, in their order. */
const SECTIONS = ['roles', 'database', 'owners', 'grants'].map((title) => `-- Section: ${title}`);

const SHOWN_CHARACTERS = 80;

/** Reads globals from their bytes, which may not be UTF-8. */
export async function readGlobals(content: AsyncIterable<Uint8Array>): Promise<Globals> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return parseGlobals(decodeBytes(Buffer.concat(chunks)));
}

/** Parses globals. Never throws: `refused` has unknown statements. */
export function parseGlobals(text: string): Globals {
  const reader = new Reader();
  for (const item of itemsOf(text)) reader.take(item);
  const isOurs = reader.sections === SECTIONS.length;
  return { ...reader.found, isOurs, isOfPgDumpall: !isOurs && isOfPgDumpall(text) };
}

/** Matches temporary logins: the backup may have run during a restore into another database of the server. */
const OF_TEMPORARY_LOGIN = /\bgeolens_restore_login_[0-9a-f]{16}\b/;

class Reader {
  readonly found = {
    roles: [] as string[],
    attributes: [] as RoleAttributes[],
    settings: [] as RoleSetting[],
    comments: [] as RoleStatement[],
    memberships: [] as Membership[],
    database: [] as DatabaseStatement[],
    owners: [] as string[],
    ownerNames: new Set<string>(),
    grants: [] as string[],
    refused: [] as string[],
    isIncomplete: false,
  };
  sections = 0;

  take({ kind, text }: SqlItem): void {
    if (OF_TEMPORARY_LOGIN.test(text)) return;
    if (kind === 'comment') {
      if (text === SECTIONS[this.sections]) this.sections += 1;
      if (text === LACKING_PART) this.found.isIncomplete = true;
    } else if (kind === 'command' ? !HARMLESS_COMMAND.test(text.trimEnd()) : !this.takeStatement(text)) {
      this.found.refused.push(beginningOf(text));
    }
  }

  /** @returns whether the statement has a known form */
  private takeStatement(text: string): boolean {
    return (
      this.takeRole(text) || this.takeRight(text) || FORMS.ofSession.test(text) || FORMS.ofServer.test(text)
    );
  }

  private takeRole(text: string): boolean {
    const name = (match: RegExpExecArray, index: number): string => nameOf(group(match, index));
    let match: RegExpExecArray | null;
    if ((match = FORMS.createRole.exec(text)) !== null) this.found.roles.push(name(match, 1));
    else if ((match = FORMS.createRoleOnce.exec(text)) !== null) this.found.roles.push(name(match, 2));
    else if ((match = FORMS.alterRole.exec(text)) !== null)
      this.found.attributes.push({ role: name(match, 1), attributes: attributesIn(group(match, 2)) });
    else if ((match = FORMS.roleSetting.exec(text)) !== null)
      this.found.settings.push({ role: name(match, 1), setting: name(match, 2), text });
    else if ((match = FORMS.commentOnRole.exec(text)) !== null)
      this.found.comments.push({ role: name(match, 1), text });
    else if ((match = FORMS.membership.exec(text)) !== null)
      this.found.memberships.push({
        role: name(match, 1),
        member: name(match, 2),
        options: match[3] ?? '',
        grantor: match[4] && nameOf(match[4]),
      });
    return match !== null;
  }

  private takeRight(text: string): boolean {
    const owner = FORMS.owner.exec(text)?.[1];
    if (owner !== undefined) {
      this.found.owners.push(text);
      this.found.ownerNames.add(nameOf(owner));
    } else if (FORMS.grant.test(text) || FORMS.defaultPrivileges.test(text) || FORMS.authorization.test(text))
      this.found.grants.push(text);
    else {
      const statement = databaseStatementIn(text);
      if (statement === undefined) return false;
      this.found.database.push(statement);
    }
    return true;
  }
}

/** Parses one of our statements about the database itself; `undefined` for other statements. */
function databaseStatementIn(text: string): DatabaseStatement | undefined {
  const [, , name, value, literal] = FORMS.ofDatabase.exec(text) ?? [];
  if (literal === undefined) return undefined;
  const template = unquoteLiteral(literal);
  const kind = (Object.keys(TEMPLATES) as (keyof typeof TEMPLATES)[]).find((one) =>
    TEMPLATES[one].test(`${template};`),
  );
  const setting =
    name === undefined || value === undefined
      ? undefined
      : { name: unquoteLiteral(name), value: unquoteLiteral(value) };
  if (kind === undefined || (kind === 'setting') !== (setting !== undefined)) return undefined;
  const [, role, set] = OF_SETTING.exec(template) ?? [];
  // The checked name must be the name that is set.
  if (setting !== undefined && partsOf(set ?? '').join('.') !== setting.name) return undefined;
  return { kind, template, setting, ...(role !== undefined && { role: nameOf(role.replaceAll('%%', '%')) }) };
}

/** Matches the role and the setting of a template. */
const OF_SETTING = new RegExp(
  String.raw`^ALTER (?:ROLE (${IDENTIFIER}) IN )?DATABASE %1\$I SET (${NAME}) (?:FROM CURRENT|TO )`,
  'u',
);

/** Returns the parts of a name, without quotes. */
function partsOf(name: string): readonly string[] {
  return [...name.matchAll(new RegExp(IDENTIFIER, 'gu'))].map(([part]) => nameOf(part));
}

/** Matches attributes as the grammar does: parsing literals separately could see an attribute in one. */
const ATTRIBUTE = new RegExp(
  `CONNECTION LIMIT -?\\d+|(?:PASSWORD|VALID UNTIL) (?:${LITERAL}|NULL)|[A-Z]+`,
  'gsu',
);

function attributesIn(text: string): readonly string[] {
  return [...text.matchAll(ATTRIBUTE)].map(([attribute]) => attribute);
}

function beginningOf(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= SHOWN_CHARACTERS ? line : `${line.slice(0, SHOWN_CHARACTERS)}…`;
}
