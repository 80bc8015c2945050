import { conditionOf } from './sqlstates.ts';

/** An error or a warning of a server. */
export interface ServerMessage {
  readonly message: string;
  /** SQLSTATE. pg_dump and pg_restore print none. */
  readonly state?: string | undefined;
  readonly context?: string | undefined;
  /** Function in the server's source code that reported it. */
  readonly routine?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly dataType?: string | undefined;
  readonly constraint?: string | undefined;
}

/** Replaces a message that may hold values. */
export const WITHHELD = 'the message is withheld';

/**
 * Returns the part of a message that may leave this machine. That is the message if its form holds no values,
 * otherwise the form without values or WITHHELD. Adds SQLSTATE, condition and objects, but never DETAIL, HINT
 * or CONTEXT.
 */
export function withoutValues(said: ServerMessage): string {
  const code = isWrittenByCode(said);
  const form = code ? undefined : FORMS.find(([, words]) => words.test(said.message));
  if (form === undefined && !code && isKept(said)) return said.message;
  const [ofForm, words, kept = '$&'] = form ?? [];
  const sentence = words === undefined ? WITHHELD : said.message.replace(words, kept);
  const state = said.state ?? ofForm;
  const facts = [...(state === undefined ? [] : [`SQLSTATE ${conditionOf(state)}`]), ...objectsOf(said)];
  return facts.length === 0 ? sentence : `${sentence} (${facts.join(', ')})`;
}

/** Matches the CONTEXT, in any language, of a single block of ours; a dump has no block without a name. */
const OUR_BLOCK = /^(?:(?!PL\/pgSQL)[^])*PL\/pgSQL[^\n]{1,30}inline_code_block[^\n]*$/;

/** Returns whether code in the database wrote the message, or the statement of the message. */
function isWrittenByCode({ context = '', routine }: ServerMessage): boolean {
  if (OUR_BLOCK.test(context)) return false;
  return routine === 'exec_stmt_raise' || /\b(?:RAISE|ASSERT|EXECUTE)\b/.test(context);
}

/** SQLSTATE classes of messages about the server, the connection or the session. */
const OF_SERVER = ['08', '28', '3D', '40', '53', '55', '57', '72', 'F0'];

/** SQLSTATE classes of messages that name objects, and values while rows are read or code runs. */
const OF_OBJECTS = ['00', '01', '02', '0A', '0L', '0P', '25', '2B', '34', '3B', '3F', '42', '58'];

/** Default SQLSTATE class of RAISE. */
const RAISED = ['P0'];

function isKept({ message, state, context = '' }: ServerMessage): boolean {
  const ofClass = (classes: readonly string[]): boolean => classes.includes(state?.slice(0, 2) ?? '');
  if (ofClass(OF_SERVER) || SERVER_FORMS.some((words) => words.test(message))) return true;
  const isOurs = OUR_BLOCK.test(context);
  if (context === '' || isOurs)
    return (
      (isOurs && ofClass(RAISED)) ||
      ofClass(OF_OBJECTS) ||
      (state === undefined && OBJECT_FORMS.some((words) => words.test(message)))
    );
  return (state === undefined || ofClass(OF_OBJECTS)) && NAMES_ONLY.test(message);
}

/** Returns the objects from the server's fields and from the start of its CONTEXT. */
function objectsOf({ schema, table, column, dataType, constraint, context = '' }: ServerMessage): string[] {
  const named = (kind: string, ...names: readonly (string | undefined)[]): readonly string[] =>
    names.at(-1) === undefined ? [] : [`${kind} ${names.filter((name) => name !== undefined).join('.')}`];
  const [copy] = /^COPY \w+, line \d+(?:, column \w+)?/m.exec(context) ?? [];
  const [, routine] = /^(?:PL\/\w+|SQL) function "?([\w.$]+(?:\([\w\s,."[\]]*\))?)/m.exec(context) ?? [];
  return [
    ...named('table', schema, table),
    ...named('column', column),
    ...named('type', ...(table === undefined ? [schema] : []), dataType),
    ...named('constraint', constraint),
    ...named('function', routine),
    ...(copy === undefined ? [] : [copy]),
  ];
}

/** A SQLSTATE, its messages, and the part that is kept. Defaults to the whole message. */
type Form = readonly [state: string, words: RegExp, kept?: string];

/** Forms (LC_MESSAGES=C) of messages about rows. The quoted parts of kept messages are names. */
const FORMS: readonly Form[] = [
  ['23505', /^(?:duplicate key value violates unique constraint|could not create unique index) ".+"$/],
  ['23514', /^new row for relation ".+" violates (?:check constraint ".+"|partition constraint)$/],
  ['23514', /^no partition of relation ".+" found for row$/],
  ['23514', /^(?:check constraint ".+" of|partition constraint of) relation ".+" is violated by some row$/],
  ['23514', /^updated partition constraint for default partition ".+" would be violated by some row$/],
  ['23514', /^value for domain .+ violates check constraint ".+"$/],
  ['23502', /^null value in column ".+" of relation ".+" violates not-null constraint$/],
  ['23502', /^column ".+" of relation ".+" contains null values$/],
  ['23502', /^domain .+ does not allow null values$/],
  ['23503', /^(?:insert or update|update or delete) on table ".+" violates foreign key constraint ".+"$/],
  ['23P01', /^(?:conflicting key value violates|could not create) exclusion constraint ".+"$/],
  ['44000', /^new row violates check option for view ".+"$/],
  ['22007', /^(invalid input syntax for type (?:date|time|timestamp|interval)[a-z ]*)(?::.*)?$/s, '$1'],
  ['22P02', /^(invalid input syntax for type (?:[\w. ]+|".+?"))(?::.*)?$/s, '$1'],
  ['22P02', /^(invalid input value for enum (?:[\w.]+|".+?")):.*$/s, '$1'],
  ['22P02', /^(malformed (?:array|record|range|multirange) literal):.*$/s, '$1'],
  ['22001', /^value too long for type [a-z ]+\(\d+\)$/],
  ['22003', /^value ".*" is (out of range for type [a-z ]+)$/s, 'value is $1'],
  ['22003', /^(?:(?:smallint|integer|bigint|interval) out of range|numeric field overflow)$/],
  [
    '22008',
    /^((?:date\/time|interval) field value out of range|(?:date|timestamp) out of range)(?::.*)?$/s,
    '$1',
  ],
  ['22021', /^(invalid byte sequence for encoding "\w+"):.*$/s, '$1'],
  ['22P05', /^(character) with .+ (in encoding "\w+" has no equivalent in encoding "\w+")$/, '$1 $2'],
  ['22012', /^division by zero$/],
  ['22P04', /^(?:extra data after last expected column|missing data for column ".+")$/],
  ['42601', /^([\w ]+) at or near "(?!\w+"$).*$/s, '$1'],
  ['2200N', /^invalid XML content$/],
  ['2200M', /^invalid XML document$/],
  ['22023', /^(invalid value for parameter "[\w.]+"):.*$/s, '$1'],
  ['54000', /^index row (?:size \d+ exceeds [\w ]*maximum \d+ for index ".+"|requires \d+ bytes, [\w ]+)$/],
  ['54000', /^row is too big: size \d+, maximum size \d+$/],
  ['54001', /^stack depth limit exceeded$/],
  ['XX001', /^invalid page in block \d+ of relation [\w/]+$/],
  ['XX001', /^(?:missing|unexpected) chunk number \d+ [\w() ,]*for toast value \d+ in \w+$/],
  ['XX001', /^compressed \w+ data is corrupt$/],
  ['XX000', /^(?:invalid memory alloc request size \d+|cache lookup failed for [a-z ]+ \d+)$/],
];

/** Forms of messages about the server and its machine. */
const SERVER_FORMS: readonly RegExp[] = [
  /^could not [a-z]+ [a-z ]*"(?:base|global|pg_\w+)[\w/.]*".*$/,
  /^could not [a-z ]+: (?:No space left on device|Disk quota exceeded|Cannot allocate memory)$/,
  /^could not (?:fork|create shared memory|resize shared memory|map anonymous|read block|write block) .*$/,
  /^(?:out of (?:shared )?memory|disk full|too many open files|deadlock detected|sorry, too many clients already)/,
  /^(?:remaining connection slots|the database system is |terminating connection |canceling (?:statement|autovacuum) )/,
  /^(?:server closed the connection|no connection to the server|SSL |invalid snapshot identifier)/,
  /^(?:password authentication failed for user|no pg_hba\.conf entry for|unsupported startup parameter)/,
  /^could not (?:obtain lock on|serialize access due to) /,
  /^could not (?:access file|load library|open extension control file|open collator|create locale) .*$/,
  /^(?:invalid (?:LC_\w+ )?locale name|ICU is not supported|unrecognized locale provider|collation ".+" for encoding)/,
  /^extension ".+" (?:is not available|has no installation script)/,
];

const KINDS =
  '(?:access method|aggregate|cast|collation|column|constraint|conversion|database|domain|event trigger|extension|foreign-data wrapper|function|index|language|materialized view|operator(?: class| family)?|policy|procedure|publication|relation|role|routine|rule|schema|sequence|server|subscription|table|tablespace|text search (?:configuration|dictionary|parser|template)|trigger|type|view)';

/** Forms of messages that name objects. */
const OBJECT_FORMS: readonly RegExp[] = [
  /^syntax error at or near "\w+"$/,
  new RegExp(`^${KINDS} .+ (?:does not exist|already exists)`),
  new RegExp(`^(?:permission denied (?:for|to)|must be owner of) ${KINDS} `),
  /^(?:permission denied to |must be |must have |only superuser )/,
  /^(?:query would be affected by|new row violates) row-level security policy /,
  new RegExp(`^cannot (?:drop|alter) (?:inherited )?${KINDS} `),
  /^unrecognized configuration parameter "[\w.]+"$/,
  /^cannot (?:execute|set|change) [\w ]+ (?:in|after|during|now) /,
  /^relation ".+" (?:is not|has) /,
];

const NAME = String.raw`[\w$]+(?:\.[\w$]+)*`;

/** Forms that hold only plain names. */
const NAMES_ONLY = new RegExp(
  `^(?:${KINDS} (?:"${NAME}"|${NAME}(?:\\([\\w\\s,.[\\]]*\\))?) does not exist|permission denied for ${KINDS} ${NAME})$`,
);
