import { table } from '../packages/runner/src/present/table.ts';
import type { Results } from './results.ts';
import { phasesText, tablesOf, type Table } from './tables.ts';

/** Everything for a terminal: tables, phases, machine. */
export function reportText(results: Results): string {
  const phases = (results.runs ?? []).map(
    (contest) =>
      `phases of our run, PostgreSQL ${contest.server} (s; some go on side by side): ${phasesText(contest)}\n`,
  );
  const machine = Object.entries(results.machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
  const tables = tablesOf(results).map((each) => asText(withoutUnmeasured(each)));
  return `${[...tables, phases.join('')].filter(Boolean).join('\n')}\n${machine}\n`;
}

function asText({ titles, rows, words }: Table): string {
  return table(
    titles.map((title, index) => (index < words ? { title } : { title, align: 'right' })),
    rows,
  );
}

/** One call measures a part; the goals of the others say nothing here. */
function withoutUnmeasured(of: Table): Table {
  return of.name === 'goals' ? { ...of, rows: of.rows.filter((row) => row.at(-1) !== '–') } : of;
}
