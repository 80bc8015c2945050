import { html } from 'hono/html';
import { bytesOf, rowsOf, timestampToDate } from '@geolens/backup-core';
import { isWhole } from '@geolens/backup-core/internal';
import { bytesText, countText, durationText, localTimeText, roughDurationText } from '../../present/units.ts';
import { recipientChecks } from '../key-checks.ts';
import { daysLeft, newestChecked, type Status } from '../status.ts';
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
      value:
        lastRun === undefined
          ? 'none yet'
          : lastRun.outcome === 'failed'
            ? '× failed'
            : lastRun.error === undefined
              ? '✓ succeeded'
              : '! a later step failed',
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
    ...encryption(status),
    ...(status.freeBytes === undefined ? [] : [{ title: 'Free disk', ...disk(status.freeBytes, status) }]),
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

/** Returns what is encrypted, and when the identity of each recipient was checked. */
function encryption({ encryption: used, journal, now, zone }: Status): readonly Fact[] {
  if (used === undefined) return [];
  const checks = recipientChecks(used.recipients, journal, now).map(
    ({ recipient, text, checkedAt, isDue }) =>
      `${isDue ? '! ' : ''}${recipient} ${text}${checkedAt === undefined ? '' : ` (${localTimeText(checkedAt, zone)})`}`,
  );
  const value = { replicas: 'copies in other stores', all: 'all sets' }[used.mode];
  return [{ title: 'Encryption', value, more: checks.join(', ') }];
}

/** Estimates of more days are not useful. */
const LONG_DAYS = 730;

function disk(freeBytes: number, { stores, retention }: Status): Pick<Fact, 'value' | 'more'> {
  const days = daysLeft({ sets: stores[0]?.sets ?? [], freeBytes, retention });
  const more =
    days === undefined
      ? 'days left are known after two sets'
      : days === Infinity
        ? 'enough at the present size of sets'
        : days > LONG_DAYS
          ? 'more than 2 years left at the present growth'
          : `about ${countText(Math.floor(days), 'day')} left at the present growth`;
  return { value: bytesText(freeBytes), more };
}
