import { html } from 'hono/html';
import { durationText, bytesText, localTimeText, roughDurationText } from '../../present/units.ts';
import { historyOf } from '../history.ts';
import { newestChecked, type Status } from '../status.ts';
import { troublesOf } from '../troubles.ts';
import { calendar, legend, WEEKS, type Html } from './calendar.ts';
import { facts } from './facts.ts';
import { detail, documentOf, typed } from './parts.ts';
import { plot, roundDuration, roundNumber } from './plot.ts';
import { restoreTestTable, runTable, setTable, storeTable } from './tables.ts';

/** Seconds between two loads of the page; fewer while a run is in progress. */
const [REFRESH_SECONDS, RUNNING_SECONDS] = [60, 10];

/** Maximum number of shown problems. `doctor` prints all. */
const SHOWN_TROUBLES = 20;

/** Returns the status page. It has no script and loads only its own style. */
export function page(status: Status): Html {
  const { database, now, version, zone, health, commandPrefix } = status;
  const history = historyOf(status);
  const { kind, text, items } = verdictOf(status);
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
  const body = html`<header><h1>Backups of ${database}</h1><span class="quiet">as of ${localTimeText(now, zone)} ${zone} · geolens-backup ${version}</span></header>
<section class="verdict ${kind}"><p>${text}</p>${items.length === 0 ? '' : html`<ul>${items.slice(0, SHOWN_TROUBLES).map((item) => html`<li>${item}</li>`)}</ul>`}</section>
${progress(status)}
${facts(status)}
<h2>The last ${WEEKS} weeks</h2>
${calendar({ history, now, zone })}
${legend(history)}
<section class="plots">${plots.map((one) => html`<div>${one}</div>`)}</section>
<h2>Last runs</h2>
${runTable(status)}
<h2>Restore tests</h2>
${restoreTestTable(status)}
<h2>Where the sets are</h2>
${storeTable(status)}
<h2>Sets</h2>
${setTable(status)}
<footer class="quiet">More: ${typed('geolens-backup doctor', commandPrefix)} ${typed('geolens-backup list', commandPrefix)}</footer>`;
  return documentOf({
    title: `${kind === 'good' ? '' : '(!) '}Backups of ${database}`,
    up: '',
    refreshSeconds: health.running === undefined ? REFRESH_SECONDS : RUNNING_SECONDS,
    body,
  });
}

/** Returns the run in progress: since when, its phase, and how far that is. */
function progress({ health: { running }, now, zone }: Status): Html | '' {
  if (running === undefined) return '';
  const { since, phase, percent } = running;
  const age = roughDurationText(Math.max(0, now.getTime() - since.getTime()));
  const bar = percent === undefined ? '' : html`<progress max="100" value="${percent}"></progress>`;
  const far = percent === undefined ? '' : `, ${percent} %`;
  return html`<section class="running"><p>A run is in progress since ${localTimeText(since, zone)} (${age})${phase === undefined ? '' : html`: <b>${phase}${far}</b>`}</p>${bar}</section>`;
}

interface Verdict {
  readonly kind: 'good' | 'look' | 'wrong';
  readonly text: string;
  readonly items: readonly Html[];
}

function verdictOf(status: Status): Verdict {
  const { health, nextRunAt, now, commandPrefix, journal, stores } = status;
  const advice = (text: string, command: string): Html =>
    html`${detail(text)} — ${typed(command, commandPrefix)}`;
  const items = troublesOf(status).map(
    ({ text, command, next = [] }) =>
      html`${advice(text, command)}${next.length === 0 ? '' : html`<ol>${next.map((step) => html`<li>${advice(step.when, step.command)}</li>`)}</ol>`}`,
  );
  const isEmpty = health.lastSuccessAt === undefined;
  const start = isEmpty
    ? [
        advice('Check the server, the disk and the rights', 'geolens-backup doctor'),
        advice('Make the first set, without waiting for the schedule', 'geolens-backup run'),
      ]
    : [];
  if (!health.healthy)
    return { kind: 'wrong', text: 'Backups are failing or late', items: [...items, ...start] };
  if (items.length > 0) return { kind: 'look', text: 'Something needs attention', items };
  if (isEmpty) {
    const wait = nextRunAt && roughDurationText(Math.max(0, nextRunAt.getTime() - now.getTime()));
    const next = wait === undefined ? '' : `; the next run is in ${wait}`;
    return { kind: 'look', text: `There is no set yet${next}`, items: start };
  }
  if (newestChecked(stores, 'restoreTest') === undefined && journal.lastRestoreTest?.outcome !== 'passed')
    return {
      kind: 'look',
      text: 'Backups are up to date, but no restore test has passed yet',
      items: [advice('Restore the newest set into a temporary server', 'geolens-backup verify --restore')],
    };
  return { kind: 'good', text: 'Backups are up to date', items };
}
