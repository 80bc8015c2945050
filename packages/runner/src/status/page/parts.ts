import { html } from 'hono/html';
import type { Html } from './calendar.ts';

/** Length of a text up to which it is shown at once, and at all. */
const [SHORT, LONGEST] = [120, 4000];

/** Returns a text on one line. A long one is shortened, and `more` shows the rest. */
export function detail(text: string): Html {
  const line = text.slice(0, LONGEST).replace(/\s+/g, ' ').trim();
  return line.length <= SHORT
    ? html`${line}`
    : html`<details><summary><span>${line.slice(0, SHORT)}… </span><b>more</b></summary>${line}</details>`;
}

/** Returns a command as it is typed on the host. */
export function typed(command: string, prefix: string): Html {
  return html`<code>${command.replace(/^geolens-backup/, () => prefix)}</code>`;
}

/** Meaning of a state: a colour, and a sign for readers who cannot distinguish the colours. */
export type Kind = 'good' | 'look' | 'wrong' | 'quiet';

const SIGNS = { good: '✓', look: '!', wrong: '×', quiet: '·' } as const;

/** Returns a state with its colour and sign. */
export function mark(kind: Kind, text: string): Html {
  return html`<b class="mark ${kind}"><i>${SIGNS[kind]}</i> ${text}</b>`;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right' | undefined;
}

/** Returns a table. On a narrow screen each row becomes a card, with the titles beside the values. */
export function dataTable(
  columns: readonly Column[],
  rows: readonly (readonly (Html | string)[])[],
  empty: string,
): Html {
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  const classOf = (index: number): string => (columns[index]?.align === 'right' ? 'right' : '');
  return html`<table class="${columns.length > 3 ? 'cards' : ''}"><thead><tr>${columns.map(({ title }, index) => html`<th class="${classOf(index)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, index) => html`<td class="${classOf(index)}" data-title="${columns[index]?.title ?? ''}"><span>${cell}</span></td>`)}</tr>`)}</tbody></table>`;
}

/** Returns a page. `up` leads from its address to that of the status page. */
export function documentOf({
  title,
  up,
  refreshSeconds,
  body,
}: {
  readonly title: string;
  readonly up: '' | '../';
  readonly refreshSeconds: number;
  readonly body: Html;
}): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${refreshSeconds}">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}style.css">
</head>
<body>
${body}
</body>
</html>
`;
}
