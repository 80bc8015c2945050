import { html } from 'hono/html';
import { bytesOf, rowsOf, timestampToDate } from '@geolens/backup-core';
import { isWhole } from '@geolens/backup-core/internal';
import {
  bytesText,
  countText,
  durationText,
  localTimeText,
  numberText,
  roughDurationText,
} from '../../present/units.ts';
import { describeError } from '../../present/hints.ts';
import { newestChecked, replicationLag, type Status } from '../status.ts';
import type { Html } from './calendar.ts';

interface Fact {
  readonly title: string;
  readonly value: string;
  readonly more?: string | undefined;
}

/** Returns the most important facts: age, size, checks, and the next events. */
export function facts(status: Status): Html {
  return html`<dl>${factsOf(status).map(({ title, value, more }) => html`<div><dt>${title}</dt><dd>${value}${more === undefined ? '' : html`<small>${more}</small>`}</dd></div>`)}</dl>`;
}

function factsOf(status: Status): readonly Fact[] {
  const { health, journal, stores, now, zone, schedule, nextRunAt, nextRestoreTestAt } = status;
  const { lastRun, lastRestoreTest } = journal;
  const newest = stores[0]?.sets?.find(isWhole);
  const ago = (at: Date): string => `${roughDurationText(Math.max(0, now.getTime() - at.getTime()))} ago`;
  const past = (at: Date | undefined): Pick<Fact, 'value' | 'more'> =>
    at === undefined ? { value: 'never' } : { value: ago(at), more: localTimeText(at, zone) };
  const coming = (at: Date | undefined): string =>
    at === undefined ? 'none' : `in ${roughDurationText(Math.max(0, at.getTime() - now.getTime()))}`;
  const took = lastRun && new Date(lastRun.finishedAt).getTime() - new Date(lastRun.startedAt).getTime();
  const rows = rowsOf(newest?.manifest);
  return [
    { title: 'Last success', ...past(health.lastSuccessAt) },
    {
      title: 'Last run',
      value: lastRun?.outcome ?? 'none yet',
      more:
        lastRun &&
        `${localTimeText(new Date(lastRun.startedAt), zone)}, took ${durationText(Math.max(0, took ?? 0))}`,
    },
    {
      title: 'Newest set here',
      value: newest === undefined ? 'none' : bytesText(bytesOf(newest)),
      more:
        newest &&
        `${localTimeText(timestampToDate(newest.timestamp), zone)}${rows === undefined ? '' : `, ${countText(rows, 'row')}`}`,
    },
    { title: 'Newest read from end to end', ...past(newestChecked(stores, 'content')) },
    { title: 'Newest with a passed restore test', ...past(newestChecked(stores, 'restoreTest')) },
    ...(lastRestoreTest === undefined
      ? []
      : [
          {
            title: 'Last restore test',
            value: lastRestoreTest.outcome,
            more: localTimeText(new Date(lastRestoreTest.finishedAt), zone),
          },
        ]),
    {
      title: 'Next run',
      value: coming(nextRunAt),
      more: nextRunAt === undefined ? schedule : `${localTimeText(nextRunAt, zone)} (${schedule})`,
    },
    {
      title: 'Next restore test',
      value: coming(nextRestoreTestAt),
      more: nextRestoreTestAt && localTimeText(nextRestoreTestAt, zone),
    },
  ];
}

/** Returns the table of the stores, with their sets and replication lag. */
export function storeTable({ stores, replicas, now, database }: Status): Html {
  const rows = stores.map((store, index) => {
    const { name, sets, error, inspectedAt } = store;
    const ours = (tier: string): string =>
      sets === undefined ? '–' : numberText(sets.filter((set) => set.tier === tier).length);
    const lag = index === 0 ? undefined : replicationLag(stores[0], store, database);
    const state =
      error !== undefined
        ? describeError(error)
        : index === 0
          ? 'this volume'
          : lag === undefined
            ? 'unknown'
            : lag.sets === 0
              ? 'has every set of the volume'
              : `lacks ${countText(lag.sets, 'set')}`;
    const size = sets === undefined ? '–' : bytesText(sets.reduce((sum, set) => sum + bytesOf(set), 0));
    return html`<tr><td>${name}</td><td class="right">${ours('daily')}</td><td class="right">${ours('weekly')}</td><td class="right">${size}</td><td>${roughDurationText(Math.max(0, now.getTime() - inspectedAt.getTime()))} ago</td><td>${state}</td></tr>`;
  });
  const unseen = replicas
    .filter((name) => !stores.some((store) => store.name === name))
    .map(
      (name) =>
        html`<tr><td>${name}</td><td class="right">–</td><td class="right">–</td><td class="right">–</td><td>–</td><td>not read yet</td></tr>`,
    );
  const nowhere =
    replicas.length > 0
      ? ''
      : html`<p class="quiet">No copy leaves this machine: when its disk dies, the sets are gone with the data. Copies on S3: <code>BACKUP_S3_ENABLED=true</code></p>`;
  return html`<table><thead><tr><th>Store</th><th class="right">Daily</th><th class="right">Weekly</th><th class="right">Size</th><th>Looked at</th><th>State</th></tr></thead><tbody>${rows}${unseen}</tbody></table>${nowhere}`;
}
