import type { Row, Step } from './attempt.ts';

/** A column of the page; a later check of a set is another entry of {@link COLUMNS}. */
interface Column {
  readonly title: string;
  readonly right?: true;
  cell(row: Row): string;
}

const outcome = (step: Step | undefined): string => {
  if (step === undefined) return '–';
  if (!step.ok) return 'error';
  return step.messages.length === 0
    ? 'ok'
    : `ok, ${step.messages.length} warnings`.replace(/\b1 warnings/, '1 warning');
};
const seconds = (step: Step | undefined): string => step?.seconds.toFixed(1) ?? '';

const COLUMNS: readonly Column[] = [
  { title: 'server', cell: ({ server }) => server },
  { title: 'database', cell: ({ name }) => name },
  {
    title: 'pg_dump',
    cell: ({ plain, unavailable }) => (unavailable === undefined ? outcome(plain) : 'not available'),
  },
  { title: 's', right: true, cell: ({ plain }) => seconds(plain) },
  { title: 'run', cell: ({ run }) => outcome(run) },
  { title: 's', right: true, cell: ({ run }) => seconds(run) },
  { title: 'verify', cell: ({ verify }) => outcome(verify) },
  { title: 'rows counted', right: true, cell: rowsCell },
  { title: 'warnings, reasons', cell: messagesOf },
];

/** Returns whether pg_dump makes a dump of the database and the command makes no good set. */
export function isFault({ plain, run, verify, rows, counted }: Row): boolean {
  return plain?.ok === true && !(run?.ok === true && verify?.ok === true && rows === counted);
}

/** Returns the page of all rows, one table for each group. */
export function pageOf(rows: readonly Row[], facts: Readonly<Record<string, string>>): string {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const made = rows.filter(({ plain }) => plain?.ok === true);
  const servers = rows.flatMap(({ server, version }) =>
    version === undefined ? [] : [[server, version] as const],
  );
  const summary = {
    ...facts,
    ...Object.fromEntries(servers),
    databases: rows.length,
    'dumped by pg_dump': made.length,
    'backed up and verified': made.filter((row) => !isFault(row)).length,
    'not available': rows.filter(({ unavailable }) => unavailable !== undefined).length,
  };
  const top = Object.entries(summary).map(([name, value]) => [name, String(value)]);
  return [
    HEADER,
    tableOf([{ title: 'fact' }, { title: 'value' }], top),
    ...groups.map((group) => {
      const lines = rows.filter((row) => row.group === group).map(cellsOf);
      return `## ${group}\n\n${tableOf(COLUMNS, lines)}`;
    }),
  ].join('\n');
}

const HEADER = `# Compatibility

Each row is a database that \`npm run test:corpus\` makes, dumps with plain \`pg_dump -Fc\`, backs up
with \`geolens-backup run\` and checks with \`verify\`. The command writes this page. It fails if
\`pg_dump\` makes a dump and \`run\` does not make a good set with the same rows. \`not available\`
means that the server cannot make such a database. \`+ n\` counts rows of tables of extensions.
`;

function tableOf(
  head: readonly Pick<Column, 'title' | 'right'>[],
  lines: readonly (readonly string[])[],
): string {
  const rules = head.map(({ right }) => (right ? '---:' : '---'));
  return [head.map(({ title }) => title), rules, ...lines.map((cells) => cells.map(escaped))]
    .map((cells) => `| ${cells.join(' | ')} |\n`)
    .join('');
}

const cellsOf = (row: Row): readonly string[] => COLUMNS.map((column) => column.cell(row));

function rowsCell({ rows, counted, ofExtensions = 0 }: Row): string {
  if (rows === undefined || counted === undefined) return '';
  const more = ofExtensions > 0 ? ` + ${ofExtensions}` : '';
  return `${counted}${counted === rows ? '' : ` of ${rows}`}${more}`;
}

function messagesOf({ unavailable, plain, run, verify }: Row): string {
  const messages = [unavailable, ...[plain, run, verify].flatMap((step) => step?.messages ?? [])];
  return messages
    .filter((message) => message !== undefined)
    .join('; ')
    .replace(/ \(127\.0\.0\.1:\d+[^)]*\)/g, '');
}

/** Returns a text as one cell of Markdown, of at most 300 characters. */
function escaped(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return (line.length > 300 ? `${line.slice(0, 299)}…` : line).replace(/[|<>*_`\\[\]]/g, '\\$&');
}
