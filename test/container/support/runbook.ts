import { readFileSync } from 'node:fs';

const RUNBOOK = new URL('../../../docs/runbook.md', import.meta.url);

/** A block of the runbook: lines for `.env`, or commands. */
export type Block = { readonly env: Readonly<Record<string, string>> } | { readonly commands: readonly string[] };

/** The blocks below a heading of docs/runbook.md, in their order. */
export function runbookBlocks(heading: string): readonly Block[] {
  const section = readFileSync(RUNBOOK, 'utf8').split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`the runbook has no section "${heading}"`);
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text]): Block => {
    const lines = text!.split('\n').filter(Boolean);
    if (language === 'sh') return { env: Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])) };
    const odd = lines.find((line) => !line.startsWith('$ '));
    if (language !== 'console' || odd !== undefined) throw new Error(`"${heading}" has a block of the runbook that nobody can run: ${odd ?? language!}`);
    return { commands: lines.map((line) => line.slice(2)) };
  });
}

/** The headings of the runbook that have something to type. */
export function runbookHeadings(): readonly string[] {
  return readFileSync(RUNBOOK, 'utf8').split(/^## /m).slice(1).map((text) => text.slice(0, text.indexOf('\n')));
}
