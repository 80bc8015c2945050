import { readFileSync, writeFileSync } from 'node:fs';
import { plotsOf } from './plots.ts';
import { svgOf } from './plot.ts';
import type { Results } from './results.ts';
import { phasesText, tablesOf, type Table } from './tables.ts';

const DOCUMENT = new URL('../docs/performance.md', import.meta.url);

/** Writes what was measured into docs/performance.md, between its markers, and the plots beside it. */
export function writeDocument(results: Results): void {
  const plots = plotsOf(results);
  for (const [name, plot] of Object.entries(plots))
    writeFileSync(new URL(`performance-${name}.svg`, DOCUMENT), svgOf(plot));
  writeFileSync(DOCUMENT, filled(readFileSync(DOCUMENT, 'utf8'), sectionsOf(results)));
}

/** Texts by the names of their markers. */
export function sectionsOf(results: Results): Readonly<Record<string, string>> {
  const plots = plotsOf(results);
  const sections: Record<string, string> = {};
  for (const table of tablesOf(results)) sections[table.name] = asMarkdown(table);
  for (const [name, { title }] of Object.entries(plots))
    sections[`plot-${name}`] = `![${title}](performance-${name}.svg)\n`;
  const phases = (results.runs ?? [])
    .map((contest) => `- PostgreSQL ${contest.server}: ${phasesText(contest)}\n`)
    .join('');
  const machine = Object.entries(results.machine)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
  return {
    ...sections,
    ...(phases !== '' && { phases }),
    ...(machine !== '' && { machine: `${machine}\n` }),
  };
}

/**
 * Puts the sections between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`. What was not measured keeps
 * what it has.
 */
export function filled(document: string, sections: Readonly<Record<string, string>>): string {
  return document.replace(
    /(<!-- bench:([\w-]+) -->\n)([\s\S]*?)(<!-- \/bench:\2 -->)/g,
    (_, begin: string, name: string, before: string, end: string) =>
      `${begin}${sections[name] ?? before}${end}`,
  );
}

function asMarkdown({ titles, rows, words }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return [
    line(titles),
    `|${titles.map((_, index) => (index < words ? '---|' : '---:|')).join('')}\n`,
    ...rows.map(line),
  ].join('');
}
