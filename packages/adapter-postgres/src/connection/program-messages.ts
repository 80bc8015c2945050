import { describeEnd, type ProgramEnd } from '@geolens/backup-system';
import { IDENTIFIER } from './identifiers.ts';
import { reportLocally } from './local-report.ts';
import { withoutValues, type ServerMessage } from './server-message.ts';

/** Text that programs write before a server message. */
const PREFIX =
  'psql:\\S*: |(?:pg_\\w+|psql): (?:error|warning|detail): |connection to server .*? failed: |could not execute query: |COPY failed for table ".*?": |query failed: |Error message from server: |error returned by \\w+: ';

/**
 * Matches the start of a server message: the severity, in the language of the server. With
 * `VERBOSITY=verbose`, psql prints the SQLSTATE after it.
 */
const OF_SERVER = new RegExp(
  `^((?:${PREFIX})*)([^\\s:"]{1,30}(?: [^\\s:"]{1,30}){0,3}): {2}(?:([0-9A-Z]{5}): )?(.*)$`,
);

const SEVERITY = /^(?:ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|LOG)$/;

/** Labels of the fields after a message (LC_ALL=C). */
const FIELD =
  /^(?:DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|(?:SCHEMA|TABLE|COLUMN|DATATYPE|CONSTRAINT) NAME): {2}/;

/** Matches the end of a message: a field, in any language, or an addition of the program. */
const LABEL = /^(\p{Lu}[\p{Lu} ]*): {2}|^(LINE \d+|Command was|Query was): /u;

/** Matches the start of a statement: keywords and names, up to the first literal or parenthesis. */
const HEAD = new RegExp(`^(?:${IDENTIFIER}(?:\\.${IDENTIFIER})*(?:[\\s;]|(?=\\()|$))+`, 'u');

/** Matches the start of a line that a PostgreSQL program writes itself. */
const OWN_LINE = /^(?:pg_\w+|psql): /;

/** Program lines that may follow a server message. */
const AFTER_SERVER =
  /^pg_restore: (?:error: a worker process died unexpectedly|warning: errors ignored on restore: \d+)$/;

/** Maximum size of a complete stderr, in bytes: `tailOf` keeps only the end of a longer one. */
const WHOLE_BYTES = 60 * 1024;

/** Label of the dump entry of a pg_restore error, which pg_restore writes on the line before. */
export const ENTRY_LABEL = 'From entry: ';

/** Describes how a client program ended, without values. The full text goes to the local report. */
export function endWithoutValues(program: string, end: ProgramEnd): string {
  const cutOff = Buffer.byteLength(end.stderr) > WHOLE_BYTES && !OWN_LINE.test(end.stderr);
  return describeEnd(program, {
    ...end,
    stderr: reported(end.stderr, linesWithoutValues(end.stderr, cutOff)),
  });
}

/** Returns an error of pg_restore without values, on one line. The full text goes to the local report. */
export function restoreErrorWithoutValues(error: string): string {
  return reported(error, linesWithoutValues(error)).replaceAll('\n', ' | ');
}

function reported(full: string, short: string): string {
  if (short !== full) reportLocally(full);
  return short;
}

/**
 * Returns the output of PostgreSQL programs without values of rows. Keeps the program's own lines up to a
 * server message, and the part of the message that `withoutValues` keeps.
 * @param cutOff whether the text lacks its beginning, which the server may have written
 */
export function linesWithoutValues(text: string, cutOff = false): string {
  const kept: string[] = [];
  let block: string[] | undefined = cutOff ? [] : undefined;
  const close = (): void => {
    if (block !== undefined && block.length > 0) kept.push(blockText(block));
    block &&= [];
  };
  for (const line of text.split('\n')) {
    if (startsBlock(line)) {
      close();
      block = [line];
    } else if (block === undefined || OWN_LINE.test(line)) {
      close();
      if (block === undefined || AFTER_SERVER.test(line)) kept.push(line);
    } else if (block.length > 0) block.push(line);
  }
  close();
  return kept.join('\n');
}

function startsBlock(line: string): boolean {
  const [, prefix = '', severity, state] = OF_SERVER.exec(line) ?? [];
  if (severity === undefined || FIELD.test(line)) return false;
  return prefix !== '' || state !== undefined || SEVERITY.test(severity);
}

function blockText(lines: readonly string[]): string {
  const { prefix, severity, said, fields, entry } = parse(lines);
  const text = `${prefix}${SEVERITY.test(severity) ? severity : 'ERROR'}:  ${withoutValues(said)}`;
  const statement = HEAD.exec(fields.get('Command was') ?? '')?.[0]
    .replaceAll(/\s+/g, ' ')
    .trim();
  const origin = [
    ...(entry === undefined ? [] : [`entry ${entry}`]),
    ...(statement === undefined ? [] : [`statement ${statement}`]),
  ];
  return origin.length === 0 ? text : `${text} (${origin.join(', ')})`;
}

interface Block {
  readonly prefix: string;
  readonly severity: string;
  readonly said: ServerMessage;
  readonly fields: ReadonlyMap<string, string>;
  readonly entry: string | undefined;
}

/** Parses a server message with its fields, which have their own lines. */
function parse(lines: readonly string[]): Block {
  const [first = '', ...rest] = lines;
  const [, prefix = '', severity = '', state, opening = ''] = OF_SERVER.exec(first) ?? [];
  const fields = new Map<string, string>();
  let label = 'MESSAGE';
  let entry: string | undefined;
  fields.set(label, opening);
  for (const line of rest) {
    const field = LABEL.exec(line);
    if (line.startsWith(ENTRY_LABEL)) entry = line.slice(ENTRY_LABEL.length);
    else if (field === null) fields.set(label, `${fields.get(label) ?? ''}\n${line}`);
    else fields.set((label = field[1] ?? field[2] ?? ''), line.slice(field[0].length));
  }
  return { prefix, severity, said: messageOf(state, fields), fields, entry };
}

function messageOf(state: string | undefined, fields: ReadonlyMap<string, string>): ServerMessage {
  return {
    message: fields.get('MESSAGE') ?? '',
    state,
    context: fields.get('CONTEXT'),
    routine: fields.get('LOCATION')?.split(',')[0],
    schema: fields.get('SCHEMA NAME'),
    table: fields.get('TABLE NAME'),
    column: fields.get('COLUMN NAME'),
    dataType: fields.get('DATATYPE NAME'),
    constraint: fields.get('CONSTRAINT NAME'),
  };
}

/** An error, warning or notice that psql printed with `VERBOSITY=verbose`, without values. */
export interface PsqlMessage {
  readonly state: string;
  readonly message: string;
}

/** Returns the server messages in the stderr of psql. Full texts with values go to the local report. */
export function psqlMessages(stderr: string): readonly PsqlMessage[] {
  const blocks: string[][] = [];
  for (const line of stderr.split('\n')) {
    if (startsBlock(line) && OF_SERVER.exec(line)?.[3] !== undefined) blocks.push([line]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.map((lines) => {
    const { said, fields } = parse(lines);
    const short = withoutValues(said);
    const dependents = said.state === DEPENDENT_OBJECTS ? fields.get('DETAIL') : undefined;
    const message = dependents === undefined ? short : `${short} (${dependents})`;
    if (fields.has('DETAIL') || short !== said.message) reportLocally(lines.join('\n'));
    return { state: said.state ?? '', message };
  });
}

/** SQLSTATE of errors whose DETAIL lists objects. */
const DEPENDENT_OBJECTS = '2BP01';

/** Matches what a verbose pg_restore with one session writes at the start of each entry. */
const ENTRY_IN_ONE_SESSION = /^pg_restore: (?:creating|processing data for|executing) /;

/** Returns whether a line of a verbose pg_restore with one session names the entry that it starts. */
export function isEntry(line: string): boolean {
  return ENTRY_IN_ONE_SESSION.test(line);
}
