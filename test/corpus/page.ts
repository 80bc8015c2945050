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

const RESTORES = [
  ['restore test', 'test'],
  ['restore', 'aside'],
  ['`--table`', 'table'],
  ['`--in-place`', 'inPlace'],
  ['`--keep-going`', 'keepGoing'],
] as const;

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
  ...RESTORES.map(([title, name]) => ({
    title,
    cell: ({ restores }: Row): string => restores?.[name]?.outcome ?? '–',
  })),
  { title: 'warnings, reasons', cell: messagesOf },
];

/** Returns what is wrong where pg_dump makes a dump: no good set, a good set called bad, rows that do not come back. */
export function faultsOf({ plain, run, verify, rows, counted, restores }: Row): readonly string[] {
  if (plain?.ok !== true) return [];
  if (run?.ok !== true || verify?.ok !== true || rows !== counted) return ['no good set'];
  if (restores === undefined) return [];
  const { test, table, ...whole } = restores;
  const lost = Object.entries(whole).filter(([, step]) => step.rows !== undefined && step.rows !== rows);
  return [
    ...(['bad', 'error'].includes(test.outcome) ? [`restore test: ${test.outcome}`] : []),
    ...lost.map(([name, step]) => `${name}: ${step.rows} rows`),
    ...(Object.values(whole).every((step) => step.rows === undefined) ? ['its rows cannot be got out'] : []),
    ...(['ok', 'listed', 'refused'].includes(table.outcome) ? [] : [`--table: ${table.outcome}`]),
  ];
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
    'backed up and verified': made.filter((row) => faultsOf(row).length === 0).length,
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
with \`geolens-backup run\` and checks with \`verify\`. Then it tests the restore and restores the
database in each way. The command writes this page. It fails if \`pg_dump\` makes a dump and \`run\`
does not make a good set with the same rows, if a restore test calls that set bad, or if not all
rows come back. \`not available\` means that the server cannot make such a database. \`+ n\` counts
rows of tables of extensions.

| restore | meaning |
| --- | --- |
| ok | everything came back |
| listed | all rows came back; the objects that did not are listed (exit code 3) |
| failed, inconclusive | the restore test names the objects, or what the machine lacks (6, 3) |
| error | nothing was restored; the message names the objects and the way (1) |
| refused | the server or the privileges of the role do not allow it; nothing was changed (1) |
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

function messagesOf({ unavailable, plain, run, verify, restores }: Row): string {
  const ofRestores = RESTORES.flatMap(([title, name]) => {
    const reasons = restores?.[name]?.reasons ?? [];
    return reasons.length === 0 ? [] : [`${title}: ${reasons.join(' | ')}`];
  });
  const messages = [
    unavailable,
    ...[plain, run, verify].flatMap((step) => step?.messages ?? []),
    ...ofRestores,
  ];
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
