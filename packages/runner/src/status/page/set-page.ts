import { html } from 'hono/html';
import {
  bytesOf,
  dumpOf,
  rowsOf,
  timestampToDate,
  type BackupSet,
  type RunTimestamp,
} from '@geolens/backup-core';
import { CHECK_NAMES, entryOf, heldText } from '@geolens/backup-core/internal';
import { collectCopies } from '../../present/set-list.ts';
import type { Redact } from '../../present/redact.ts';
import { bytesText, countText, localTimeText, numberText } from '../../present/units.ts';
import type { Status } from '../status.ts';
import type { Html } from './calendar.ts';
import { dataTable, detail, documentOf, mark, typed } from './parts.ts';
import { momentText, STATE_KINDS } from './tables.ts';

/** Maximum numbers of shown tables and warnings. The manifest has all. */
const [SHOWN_TABLES, SHOWN_WARNINGS] = [500, 20];

const REFRESH_SECONDS = 300;

/** Texts of the checks, in their order. */
const CHECKS = {
  checksum: 'read back, SHA-256 compared',
  content: 'read from end to end by pg_restore and tar',
  restoreTest: 'restored, rows counted',
} as const;

interface Copy {
  readonly store: string;
  readonly set: BackupSet;
}

/** Returns the page of a set in all stores. `undefined` if no store has it. */
export function setPage(status: Status, timestamp: RunTimestamp, redact: Redact): Html | undefined {
  const { stores, zone, database, commandPrefix } = status;
  const copies = stores.flatMap(({ name, sets }) =>
    (sets ?? []).filter((set) => set.timestamp === timestamp).map((set): Copy => ({ store: name, set })),
  );
  const best = collectCopies([...copies])[0]?.best;
  if (best === undefined) return undefined;
  const { manifest, state, problems } = best;
  const rows = rowsOf(manifest);
  const held = heldText(best, status.now);
  const known = [
    ...(held === undefined ? [] : [held]),
    bytesText(bytesOf(best)),
    ...(rows === undefined ? [] : [countText(rows, 'row')]),
    ...(manifest === undefined
      ? []
      : [`PostgreSQL ${manifest.serverVersion}`, `made by geolens-backup ${manifest.toolVersion}`]),
  ];
  const warnings = manifest?.warnings ?? [];
  const body = html`<header><h1>Set ${timestamp}</h1><span class="quiet"><a href="../">Backups of ${database}</a> · ${localTimeText(timestampToDate(timestamp), zone)} ${zone}</span></header>
<section class="verdict ${STATE_KINDS[state]}"><p>${state}</p>${problems.length === 0 ? '' : html`<ul>${problems.slice(0, SHOWN_WARNINGS).map((problem) => html`<li>${detail(problem)}</li>`)}</ul>`}<small>${known.join(' · ')}</small></section>
<h2>How to restore it</h2>
${restoreCommands(timestamp, copies, commandPrefix)}
<h2>Artifacts</h2>
${artifactTable(copies)}
<h2>Checks</h2>
${checkTable(copies, zone)}
${warnings.length === 0 ? '' : html`<h2>Warnings of its run</h2><ul>${warnings.slice(0, SHOWN_WARNINGS).map((warning) => html`<li>${detail(redact(warning))}</li>`)}</ul>`}
<h2>Tables</h2>
${tablesOf(best)}`;
  return documentOf({
    title: `Set ${timestamp} of ${database}`,
    up: '../',
    refreshSeconds: REFRESH_SECONDS,
    body,
  });
}

function restoreCommands(timestamp: RunTimestamp, copies: readonly Copy[], prefix: string): Html {
  const encrypted = copies.filter(({ set }) => set.manifest?.encryption !== undefined);
  const identity = ' --identity-file -';
  const restore = `geolens-backup restore ${timestamp}${encrypted.length === copies.length ? identity : ''}`;
  const recipients = new Set(encrypted.flatMap(({ set }) => set.manifest?.encryption?.recipients ?? []));
  const stores = [...new Set(encrypted.map(({ store }) => store))];
  const needed =
    encrypted.length === 0
      ? ''
      : html`<p>Encrypted on ${stores.join(' and ')}. The identity (private key) of one of these recipients opens it: ${[...recipients].join(', ')}</p>`;
  const steps = [
    ['Check everything, change nothing', `${restore} --dry-run`],
    ['Restore into another database, beside the live one', `${restore} --into restored_copy`],
    ['Bring back one table', `${restore} --table SCHEMA.TABLE`],
    ['Replace the live database and the files; the former ones are kept', restore],
    ...(encrypted.length === copies.length
      ? []
      : stores.map(
          (store) =>
            [`Restore the encrypted copy on ${store}`, `${restore} --store ${store}${identity}`] as const,
        )),
  ] as const;
  return html`${needed}<ul class="steps">${steps.map(([text, command]) => html`<li>${text}: ${typed(command, prefix)}</li>`)}</ul>`;
}

function artifactTable(copies: readonly Copy[]): Html {
  const files = copies.flatMap(({ store, set }) =>
    set.artifacts.map(({ key, kind, bytes }) => {
      const name = key.slice(key.indexOf('/') + 1);
      return {
        name,
        kind,
        bytes,
        sha256: entryOf(set.manifest, name)?.sha256,
        where: `${store} ${set.tier}`,
      };
    }),
  );
  const rows = [...Map.groupBy(files, ({ name, bytes }) => `${name} ${bytes}`).values()].flatMap((same) =>
    same
      .slice(0, 1)
      .map(({ name, kind, bytes, sha256 }) => [
        name,
        kind,
        bytesText(bytes),
        same.map(({ where }) => where).join(', '),
        sha256 === undefined ? '–' : html`<code class="hash">${sha256}</code>`,
      ]),
  );
  const columns = [
    { title: 'File' },
    { title: 'Kind' },
    { title: 'Size', align: 'right' },
    { title: 'Where' },
    { title: 'SHA-256' },
  ] as const;
  return dataTable(columns, rows, 'The set has no artifacts.');
}

function checkTable(copies: readonly Copy[], zone: string): Html {
  const rows = copies.flatMap(({ store, set }) =>
    CHECK_NAMES.flatMap((name) => {
      const check = set.checks[name];
      if (check === undefined) return [];
      const { outcome, at, reason, acceptedAt } = check;
      const kind = outcome === 'passed' ? 'good' : outcome === 'failed' ? 'wrong' : 'look';
      const accepted = acceptedAt === undefined ? '' : `accepted ${momentText(acceptedAt, zone)}`;
      return [
        [
          CHECKS[name],
          mark(kind, outcome),
          `${store} ${set.tier}`,
          momentText(at, zone),
          detail([reason ?? '', accepted].filter(Boolean).join('; ')),
        ],
      ];
    }),
  );
  const columns = ['Check', 'Outcome', 'Copy', 'At', 'Reason'].map((title) => ({ title }));
  return dataTable(columns, rows, 'No copy of this set has been checked.');
}

function tablesOf({ manifest }: BackupSet): Html {
  const counts = (manifest && dumpOf(manifest)?.rowCounts) ?? [];
  const most = counts.toSorted((one, other) => other.rows - one.rows).slice(0, SHOWN_TABLES);
  const rows = most.map(({ schema, table, rows }) => [`${schema}.${table}`, numberText(rows)]);
  const rest = counts.length - rows.length;
  const columns = [{ title: 'Table' }, { title: 'Rows', align: 'right' }] as const;
  return html`${dataTable(columns, rows, 'The rows of this set were not counted.')}${rest > 0 ? html`<p class="quiet">and ${countText(rest, 'table')} with fewer rows, in the manifest</p>` : ''}`;
}
