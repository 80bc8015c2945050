import { newestFirst, type RunTimestamp } from '@geolens/backup-core';
import { isFresh, isWhole } from '@geolens/backup-core/internal';
import { describeError } from '../present/hints.ts';
import { countText, roughDurationText } from '../present/units.ts';
import { isSettled } from './health.ts';
import { recipientChecks } from './key-checks.ts';
import { replicationLag, type Status } from './status.ts';

/** A problem and the command for it. */
interface Trouble {
  readonly text: string;
  /** Command that shows details or repairs the problem. */
  readonly command: string;
  /** Further commands in their order, each with its condition. Defaults to none. */
  readonly next?: readonly { readonly when: string; readonly command: string }[];
}

const DOCTOR = 'geolens-backup doctor';

/** A younger set may still be on its way to a replica. */
const COPYING_MS = 3_600_000;

/** Returns the problems that need the operator, the most severe first. Empty if there are none. */
export function troublesOf(status: Status): readonly Trouble[] {
  const { health, journal, stores, now, database } = status;
  const { lastRun, lastRestoreTest, lastReplicaCheck } = journal;
  const ours = stores[0]?.sets ?? [];
  const newest = ours.find(isWhole);
  const { failedRestoreTest } = health;
  const isKnown =
    lastRestoreTest === undefined ||
    lastRestoreTest.outcome === 'passed' ||
    (failedRestoreTest !== undefined && lastRestoreTest.timestamp === failedRestoreTest.timestamp) ||
    isSettled(lastRestoreTest, ours);
  return [
    ...(health.healthy
      ? []
      : [
          {
            text: sentence(health.problem ?? 'the last success is too long ago'),
            ...(failedRestoreTest !== undefined && isFresh(health)
              ? {
                  command: `geolens-backup verify ${failedRestoreTest.timestamp} --restore`,
                  next: [
                    {
                      when: 'accept the failure if its cause is known and harmless',
                      command: `geolens-backup accept ${failedRestoreTest.timestamp}`,
                    },
                  ],
                }
              : { command: DOCTOR }),
          },
        ]),
    ...(lastRun === undefined || lastRun.outcome === 'succeeded'
      ? []
      : [
          {
            text: `The last run ${lastRun.outcome === 'failed' ? 'failed' : 'finished with errors: its set is good, a later step failed'}${because(lastRun.error)}`,
            command: DOCTOR,
          },
        ]),
    ...(newest?.state === 'suspicious'
      ? [
          {
            text: `The newest set, ${newest.timestamp}, is suspicious${because(newest.problems.join('; '))}`,
            command: 'geolens-backup list',
            next: [
              ...lastGood(stores, newest.timestamp).map((timestamp) => ({
                when: 'if data is lost, restore the last good set',
                command: `geolens-backup restore ${timestamp}`,
              })),
              {
                when: 'only if the change is intended, accept the set',
                command: `geolens-backup accept ${newest.timestamp}`,
              },
            ],
          },
        ]
      : []),
    ...stores.flatMap(({ name, sets }) =>
      (sets ?? [])
        .filter(
          ({ state, timestamp }, index, all) =>
            state === 'bad' &&
            all.findIndex((one) => one.state === 'bad' && one.timestamp === timestamp) === index,
        )
        .map(({ timestamp, problems }) => ({
          text: `Set ${timestamp} is bad on ${name}${because(problems.join('; '))}`,
          command: `geolens-backup verify ${timestamp}`,
        })),
    ),
    ...(isKnown
      ? []
      : [
          {
            text: `The last restore test did not pass (${lastRestoreTest.outcome})${because(lastRestoreTest.problem)}`,
            command: 'geolens-backup verify --restore',
          },
        ]),
    ...(lastReplicaCheck === undefined || lastReplicaCheck.outcome === 'passed'
      ? []
      : [
          {
            text: `The last check of copies did not pass (${lastReplicaCheck.outcome})${because(lastReplicaCheck.problem)}`,
            command: 'geolens-backup verify --all --store s3',
          },
        ]),
    ...stores.flatMap(({ name, error }) =>
      error === undefined
        ? []
        : [{ text: `${sentence(name)} could not be read: ${describeError(error)}`, command: DOCTOR }],
    ),
    ...stores.slice(1).flatMap((store) => {
      const lag = replicationLag(stores[0], store, database);
      if (lag?.since === undefined || now.getTime() - lag.since.getTime() < COPYING_MS) return [];
      return [
        {
          text: `${sentence(store.name)} lacks ${countText(lag.sets, 'set')}, the oldest made ${roughDurationText(now.getTime() - lag.since.getTime())} ago`,
          command: 'geolens-backup run',
        },
      ];
    }),
    ...troublesOfKeys(status),
  ];
}

/** Returns what endangers the identities of the recipients: no second one, or no recent check. */
function troublesOfKeys({ encryption, journal, now }: Status): readonly Trouble[] {
  if (encryption === undefined) return [];
  const due = recipientChecks(encryption.recipients, journal, now).filter(({ isDue }) => isDue);
  return [
    ...(encryption.recipients.length > 1
      ? []
      : [
          {
            text: 'Only one identity opens the encrypted sets: if it is lost, they cannot be restored',
            command: 'geolens-backup key generate',
          },
        ]),
    ...due.map(({ recipient, text }) => ({
      text: `The identity of recipient ${recipient} was ${text}: whether it opens the sets is unknown`,
      command: 'geolens-backup key check --identity-file -',
    })),
  ];
}

/** Returns the newest complete set of any store before a run. Empty if there is none. */
function lastGood(stores: Status['stores'], before: RunTimestamp): readonly RunTimestamp[] {
  return stores
    .flatMap(({ sets }) => sets ?? [])
    .filter(({ state, timestamp }) => state === 'complete' && timestamp < before)
    .sort(newestFirst)
    .slice(0, 1)
    .map(({ timestamp }) => timestamp);
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : `: ${reason}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
