import { html } from 'hono/html';
import { collectCopies, SET_COLUMNS, setCells } from '../../present/set-list.ts';
import { bytesText, durationText, localTimeText, roughDurationText } from '../../present/units.ts';
import { historyOf } from '../history.ts';
import type { Status } from '../status.ts';
import { troublesOf } from '../troubles.ts';
import { calendar, legend, WEEKS, type Html } from './calendar.ts';
import { facts, storeTable } from './facts.ts';
import { plot } from './plot.ts';
import { roundDuration, roundNumber } from './scales.ts';

/** So many sets are shown; `list` has all. */
const SHOWN_SETS = 60;

const REFRESH_SECONDS = 60;

/**
 * The page for whoever wants to see how things stand. It has no script, and asks for nothing but its own
 * style.
 */
export function page(status: Status): Html {
  const { database, now, version, zone } = status;
  const history = historyOf(status);
  const troubles = troublesOf(status);
  const [kind, verdict] = verdictOf(status, troubles.length > 0);
  const plots = [
    plot({ title: 'Size', history, now, value: ({ bytes }) => bytes, text: bytesText, top: roundNumber }),
    plot({
      title: 'Duration',
      history,
      now,
      value: ({ milliseconds }) => milliseconds,
      text: durationText,
      top: roundDuration,
    }),
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<meta name="robots" content="noindex">
<title>${kind === 'good' ? '' : '(!) '}Backups of ${database}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
</head>
<body>
<header><h1>Backups of ${database}</h1><span class="quiet">as of ${localTimeText(now, zone)} ${zone} · geolens-backup ${version}</span></header>
<section class="verdict ${kind}"><p>${verdict}</p>${troubles.length === 0 ? '' : html`<ul>${troubles.map(({ text, command }) => html`<li>${text} — <code>${command}</code></li>`)}</ul>`}</section>
${facts(status)}
<h2>The last ${WEEKS} weeks</h2>
<div class="wide">${calendar({ history, now, zone })}</div>
${legend(history)}
<section class="plots">${plots.map((one) => html`<div>${one}</div>`)}</section>
<h2>Where the sets are</h2>
<div class="wide">${storeTable(status)}</div>
<h2>Sets</h2>
<div class="wide">${setTable(status)}</div>
</body>
</html>
`;
}

function verdictOf({ health, nextRunAt, now }: Status, isTrouble: boolean): readonly [string, string] {
  if (!health.healthy) return ['wrong', 'Backups are failing or late'];
  if (isTrouble) return ['look', 'Something needs attention'];
  if (health.lastSuccessAt !== undefined) return ['good', 'Backups are up to date'];
  return [
    'look',
    `There is no set yet${nextRunAt === undefined ? '' : `; the next run is in ${roughDurationText(Math.max(0, nextRunAt.getTime() - now.getTime()))}`}`,
  ];
}

function setTable({ stores, now }: Status): Html {
  const listed = collectCopies(
    stores.flatMap(({ name, sets }) => (sets ?? []).map((set) => ({ store: name, set }))),
  );
  if (listed.length === 0) return html`<p class="quiet">No sets yet.</p>`;
  const classOf = (index: number): string => (SET_COLUMNS[index]?.align === 'right' ? 'right' : '');
  const rows = setCells(listed.slice(0, SHOWN_SETS), now);
  const rest = listed.length - rows.length;
  return html`<table><thead><tr>${SET_COLUMNS.map(({ title }, index) => html`<th class="${classOf(index)}">${title.charAt(0)}${title.slice(1).toLowerCase()}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, index) => html`<td class="${classOf(index)}">${cell}</td>`)}</tr>`)}</tbody></table>
${rest > 0 ? html`<p class="quiet">and ${rest} older: <code>geolens-backup list</code></p>` : ''}`;
}
