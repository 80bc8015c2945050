import { html } from 'hono/html';
import { collectCopies, SET_COLUMNS, setCells } from '../../present/set-list.ts';
import { bytesText, durationText, localTimeText, roughDurationText } from '../../present/units.ts';
import { historyOf } from '../history.ts';
import type { Status } from '../status.ts';
import { troublesOf } from '../troubles.ts';
import { calendar, legend, WEEKS, type Html } from './calendar.ts';
import { facts, storeTable } from './facts.ts';
import { plot, roundDuration, roundNumber } from './plot.ts';

/** Maximum number of sets on the page. `list` prints all. */
const SHOWN_SETS = 60;

const REFRESH_SECONDS = 60;

/** Returns the status page. It has no script and loads only its own style. */
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

/** Style of the page, light or dark as the browser prefers. Loads nothing from elsewhere. */
export const STYLE = `:root { color-scheme: light dark; --ink: #1d2733; --quiet: #5a6876; --line: #d8dee5; --paper: #fff; --card: #f5f7f9; --none: #e6eaee;
  --proven: #0b7a45; --complete: #3fae76; --legacy: #6d8fb8; --removed: #bfe3cf; --suspicious: #e0a100; --partial: #e2762b; --bad: #c62f2f; --failed: #c62f2f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --quiet: #98a6b3; --line: #333e49; --paper: #14191f; --card: #1c232b; --none: #26303a;
  --proven: #35c47e; --complete: #1f8a55; --legacy: #5478a3; --removed: #1d4a35; --suspicious: #d6a21c; --partial: #d97b3b; --bad: #e25656; --failed: #e25656; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem 1.25rem 3rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 2rem 0 .6rem; } h3 { font-size: .85rem; font-weight: 600; margin: .2rem 0; color: var(--quiet); }
header > * { min-width: 0; } header { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; } .quiet { color: var(--quiet); } header .quiet { font-size: .85rem; }
.verdict { border-left: .4rem solid; border-radius: .3rem; padding: .7rem 1rem; margin: 1rem 0; background: var(--card); } .verdict p { margin: 0; font-weight: 600; } .verdict ul { margin: .4rem 0 0; padding-left: 1.2rem; }
.verdict.good { border-color: var(--complete); } .verdict.look { border-color: var(--suspicious); } .verdict.wrong { border-color: var(--bad); }
.verdict li { overflow-wrap: anywhere; }
code { font: .88em ui-monospace, monospace; background: var(--none); border-radius: .2rem; padding: .05rem .3rem; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .6rem; margin: 0; } dl div { background: var(--card); border-radius: .3rem; padding: .55rem .8rem; }
dt { font-size: .78rem; color: var(--quiet); } dd { margin: 0; font-weight: 600; } dd small { display: block; font-weight: 400; color: var(--quiet); }
.wide { overflow-x: auto; } svg { display: block; width: 100%; height: auto; } .calendar { min-width: 31rem; max-width: 40rem; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem 2rem; margin-top: 1.4rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); } svg .end { text-anchor: end; } .grid { stroke: var(--line); } .day text { text-anchor: middle; font-weight: 700; fill: #fff; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; font-size: .8rem; color: var(--quiet); margin: .5rem 0 0; } .legend i { display: inline-block; width: 1em; height: 1em; line-height: 1em; border-radius: 2px; vertical-align: -.12em; text-align: center; font-style: normal; font-weight: 700; font-size: .9em; color: #fff; }
${['none', 'proven', 'complete', 'legacy', 'removed', 'suspicious', 'partial', 'bad', 'failed'].map((name) => `.${name} rect { fill: var(--${name}); } i.${name} { background: var(--${name}); }`).join(' ')}
@media (max-width: 34rem) { dl { grid-template-columns: 1fr 1fr; } }
table { border-collapse: collapse; width: 100%; font-size: .86rem; } th { text-align: left; font-weight: 600; color: var(--quiet); } th, td { padding: .28rem 1rem .28rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: top; }
td:last-child { white-space: normal; min-width: 12rem; overflow-wrap: anywhere; } .right { text-align: right; font-variant-numeric: tabular-nums; }
`;
