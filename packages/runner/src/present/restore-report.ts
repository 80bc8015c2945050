import { timestampToDate, type RestoreReport } from '@geolens/backup-core';
import { errorJson } from './hints.ts';
import type { Redact } from './redact.ts';
import { replacementText } from './replacement.ts';
import { table } from './table.ts';
import { countText, durationText, millisecondsOf, numberText } from './units.ts';

type Row = readonly [title: string, text: string];

/** Returns the report for people: the source, the rows of each schema, and where the previous state is. */
export function restoreReportText(report: RestoreReport): string {
  const { source, database, outcome, dumpVersion, serverVersion, mode } = report;
  const made =
    source.timestamp === undefined
      ? ''
      : `, made ${timestampToDate(source.timestamp).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const ofDatabase: readonly Row[] = [
    [
      'database',
      `${database}${mode.kind === 'aside' ? '' : mode.kind === 'in-place' ? ' (in place)' : ' (tables only)'}`,
    ],
    ['PostgreSQL', `dump of ${dumpVersion ?? '?'}, server ${serverVersion ?? '?'}`],
  ];
  const head: readonly Row[] = [
    [outcome === 'checked' ? 'can be restored' : 'restored', `${source.label}${made}`],
    ...(outcome === 'checked' ? [['on restore', replacementText(report, report.finishedAt)] as const] : []),
    ...(mode.kind === 'files' ? [] : ofDatabase),
    ['took', durationText(millisecondsOf(report))],
  ];
  const files: readonly Row[] =
    report.members === undefined
      ? []
      : [['staging', `${countText(report.members, 'member')} in ${report.stagingTo ?? '?'}`]];
  return [
    lines([...head, ...files]),
    schemasText(report),
    incompleteText(report),
    lines(missingFiles(report)),
    lines(previousOf(report)),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function schemasText({ restored }: RestoreReport): string {
  if (restored === undefined || restored.rows.length === 0) return '';
  const schemas = Map.groupBy(restored.rows, ({ schema }) => schema);
  const rows = [...schemas].map(([schema, tables]) => [
    schema,
    numberText(tables.length),
    numberText(tables.reduce((sum, { rows: count }) => sum + count, 0)),
  ]);
  return table(
    [{ title: 'SCHEMA' }, { title: 'TABLES', align: 'right' }, { title: 'ROWS', align: 'right' }],
    rows,
  );
}

function incompleteText({ restored, filesLeftOut }: RestoreReport): string {
  const missing = [
    ...(restored?.incomplete ?? []),
    ...filesLeftOut.map((what) => `of the staging archive: ${what}`),
  ];
  const hint = dependentsHint(restored);
  return missing.length === 0
    ? ''
    : `left out:\n${missing.map((what) => `  - ${what}\n`).join('')}${hint === undefined ? '' : `${hint}\n`}`;
}

/**
 * Returns how to restore missing objects that depend on the restored tables. `undefined` if no such object
 * can be restored.
 */
export function dependentsHint(restored: RestoreReport['restored']): string | undefined {
  const count = restored?.restorableDependents ?? 0;
  return count === 0
    ? undefined
    : `Repeat the restore with --with-dependents to restore ${countText(count, 'object')} that ${count === 1 ? 'depends' : 'depend'} on the tables`;
}

/** Returns which staging files are not restored, and how to get them. Empty if there are none. */
function missingFiles({ outcome, stagingTo, members, source, errors }: RestoreReport): readonly Row[] {
  if (stagingTo === undefined || source.artifacts.staging === undefined || members !== undefined) return [];
  if (outcome === 'checked' && errors.length === 0) return [];
  const { name, path = name } = source.artifacts.staging;
  return [
    ['files', `${outcome === 'checked' ? 'cannot be' : 'NOT'} restored from ${name}`],
    [
      'to get them',
      `mkdir -m 0700 restored-files && tar -C restored-files -xzf '${path.replaceAll("'", String.raw`'\''`)}'`,
    ],
  ];
}

function previousOf({ previous, previousStaging }: RestoreReport): readonly Row[] {
  const rows: Row[] = [];
  if (previous !== undefined)
    rows.push(
      ['database before', `kept as ${previous}`],
      ['to drop it', `DROP DATABASE "${previous.replaceAll('"', '""')}";`],
    );
  if (previousStaging !== undefined) rows.push(['files before', `kept in ${previousStaging}`]);
  return rows;
}

function lines(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(([title]) => title.length));
  return rows.map(([title, text]) => `${title.padEnd(width)}  ${text}\n`).join('');
}

/** Returns the report for machines. */
export function restoreReportJson(
  report: RestoreReport,
  redact: Redact = (text) => text,
): Record<string, unknown> {
  const { source, errors, warnings, filesLeftOut, startedAt, finishedAt, ...rest } = report;
  return {
    ...rest,
    source: {
      label: source.label,
      timestamp: source.timestamp,
      dump: source.artifacts.dump?.name,
      staging: source.artifacts.staging?.name,
    },
    filesLeftOut: filesLeftOut.map(redact),
    warnings: warnings.map(redact),
    errors: errors.map(errorJson(redact)),
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
  };
}
