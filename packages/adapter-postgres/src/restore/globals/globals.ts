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
  /** As in the statement: `SUPERUSER`, `NOLOGIN`, `PASSWORD '…'`. */
  readonly attributes: readonly string[];
}

export interface RoleSetting extends RoleStatement {
  readonly setting: string;
}

export interface Membership {
  readonly role: string;
  readonly member: string;
  /** ` WITH ADMIN OPTION`, or nothing. */
  readonly options: string;
  /** The role that granted it; `undefined` if the statement names none. */
  readonly grantor?: string | undefined;
}

/** A statement about the database itself, whatever its name is. */
export interface DatabaseStatement {
  readonly kind: keyof typeof TEMPLATES;
  /** `%1$I` stands for the name of the database, `%%` for a percent sign. */
  readonly template: string;
  /** Whose setting in the database it is; `undefined` for the database itself. */
  readonly role?: string | undefined;
  /** Set in the session before: the statement takes its value from there. */
  readonly setting: { readonly name: string; readonly value: string } | undefined;
}

/** Returns the SQL of a statement for a database of this name. */
export function statementOn({ template }: DatabaseStatement, database: string): string {
  return template.replaceAll(/%%|%1\$I/g, (code) => (code === '%%' ? '%' : quoteIdentifier(database)));
}

/**
 * The globals of a set, read as data: every statement has one of the forms that geolens-backup and pg_dumpall
 * write.
 */
export interface Globals {
  /** Roles in the order in which they are made. */
  readonly roles: readonly string[];
  readonly attributes: readonly RoleAttributes[];
  readonly settings: readonly RoleSetting[];
  readonly comments: readonly RoleStatement[];
  readonly memberships: readonly Membership[];
  readonly database: readonly DatabaseStatement[];
  readonly owners: readonly string[];
  /** The roles that own something. */
  readonly ownerNames: ReadonlySet<string>;
  /** Privileges, default privileges and the changes of the role that grants them. */
  readonly grants: readonly string[];
  /** The beginning of every statement that has none of these forms. It is never executed. */
  readonly refused: readonly string[];
  /** Whether the text has the sections of geolens-backup: only then it has owners and privileges. */
  readonly isOurs: boolean;
  /** Whether a part could not be read when they were made. */
  readonly isIncomplete: boolean;
  /** Whether pg_dumpall alone wrote it: roles, memberships and settings, all that its server has. */
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

/** Reads globals as data. Never throws: what it does not know is in `refused`. */
export function parseGlobals(text: string): Globals {
  const reader = new Reader();
  for (const item of itemsOf(text)) reader.take(item);
  const isOurs = reader.sections === SECTIONS.length;
  return { ...reader.found, isOurs, isOfPgDumpall: !isOurs && isOfPgDumpall(text) };
}

/** A restore into another database of the server may have been going on when the globals were made. */
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

/** Reads a statement of ours about the database itself; `undefined` if it is none. */
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
  // The name that is judged is the one that is set.
  if (setting !== undefined && partsOf(set ?? '').join('.') !== setting.name) return undefined;
  return { kind, template, setting, ...(role !== undefined && { role: nameOf(role.replaceAll('%%', '%')) }) };
}

/** The role and the setting of a template. */
const OF_SETTING = new RegExp(
  String.raw`^ALTER (?:ROLE (${IDENTIFIER}) IN )?DATABASE %1\$I SET (${NAME}) (?:FROM CURRENT|TO )`,
  'u',
);

/** The parts of a name, without quotes. */
function partsOf(name: string): readonly string[] {
  return [...name.matchAll(new RegExp(IDENTIFIER, 'gu'))].map(([part]) => nameOf(part));
}

/** As the grammar has read it: a second reading of literals of its own could see an attribute in one. */
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
