import { run, type BackupError, type RunObserver, type RunParts, type RunReport } from '@geolens/backup-core';
import { isSound, isWhole, newCopy, placeOf, stateOf, type Copy } from '../copies.ts';
import { together, type Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import type { Facts, Model } from '../model.ts';
import { whatBucketHas, type BucketMood } from '../rules/replication.ts';
import { isSmall, sizeBaselineFor } from '../rules/suspicion.ts';
import { madeAsFarAs, madeWhole, promotedFirst } from '../rules/volume.ts';

/** What is wrong while a run goes on. */
export interface Trouble {
  readonly bucket?: BucketMood;
  /** No set can come of it. */
  readonly hopeless?: boolean;
  /** Where it stops is not foreseen: there is a set, or there is none. */
  readonly anywhere?: boolean;
  readonly parts?: Partial<RunParts>;
  readonly signal?: AbortSignal;
  readonly observer?: RunObserver;
  /** Whether it may have been unable to read what sets there are: asked when it has ended. */
  readonly misread?: () => boolean;
}

/** A run with a trouble, and what has to be there after it. */
export async function backUp(model: Model, real: Installation, trouble: Trouble = {}): Promise<Demands> {
  const {
    signal,
    observer,
    parts,
    bucket = 'there',
    anywhere = false,
    hopeless = false,
    misread = () => false,
  } = trouble;
  const [timestamp, began, replaced] = [model.nextTimestamp(), model.copies, model.replaced];
  const report = await run(
    { ...real.parts(model.counts), ...parts },
    { toolVersion: 'model', signal, observer },
  );
  const unsure =
    misread() ||
    (bucket === 'shaky' &&
      ![...began].some(([id, copy]) => placeOf(id).store === 'local' && stateOf(copy) === 'complete'));
  const sizeBaseline = sizeBaselineFor(model, timestamp, bucket !== 'away');
  const facts = report.manifest && factsOf(report, model, sizeBaseline.acceptedSince);
  const small =
    facts !== undefined && (unsure ? report.suspicion !== undefined : isSmall(facts, sizeBaseline));
  if (facts !== undefined)
    model.facts.set(timestamp, unsure ? { ...facts, acceptedSince: report.manifest?.acceptedSince } : facts);
  const rows = report.manifest?.artifacts
    .find(({ kind }) => kind === 'dump')
    ?.rowCounts?.reduce((sum, table) => sum + table.rows, 0);
  if (facts !== undefined && rows !== facts.rows)
    throw new Error(`${rows ?? 'no'} rows were counted, and the table has ${facts.rows}`);
  const promoted = promotedFirst(began, report.startedAt);
  const made = facts === undefined ? undefined : { timestamp, copy: newCopy(small) };
  await answers(report, real, {
    timestamp,
    small,
    made,
    trouble,
    sound: allSound(promoted) && replaced.size === 0,
  });
  if (hopeless && made !== undefined) throw new Error('a set was made, and nothing was there to make it of');
  const volume = anywhere
    ? madeAsFarAs(began, promoted, made, model.counts, report)
    : madeWhole(promoted, made, model.counts, report);
  return together(
    volume.demands,
    whatBucketHas(volume.copies, bucket === 'there' && anywhere ? 'shaky' : bucket),
  );
}

function allSound(copies: ReadonlyMap<string, Copy>): boolean {
  return [...copies].every(([id, copy]) => placeOf(id).store === 's3' || !isWhole(copy) || isSound(copy));
}

function factsOf({ manifest }: RunReport, model: Model, acceptedSince: string | undefined): Facts {
  const of = (kind: 'dump' | 'globals' | 'staging'): { bytes: number; sha256: string } =>
    manifest!.artifacts.find((one) => one.kind === kind)!;
  const [dump, globals, staging] = [of('dump'), of('globals'), of('staging')];
  return {
    rows: model.rows,
    acceptedSince,
    bytes: { dump: dump.bytes, staging: staging.bytes },
    sha256: { dump: dump.sha256, globals: globals.sha256, staging: staging.sha256 },
  };
}

interface Expected {
  readonly timestamp: string;
  readonly small: boolean;
  readonly made: { readonly copy: Copy } | undefined;
  readonly trouble: Trouble;
  /** Whether all that was to be copied could be. */
  readonly sound: boolean;
}

/** What the run says of itself, and remembers. */
async function answers(
  report: RunReport,
  real: Installation,
  {
    timestamp,
    small,
    made,
    trouble: { bucket = 'there', anywhere = false, hopeless = false },
    sound,
  }: Expected,
): Promise<void> {
  const said = `${report.outcome}: ${report.errors.map(({ code, message }: BackupError) => `${code} ${message}`).join('; ')}`;
  const allowed = hopeless
    ? ['failed']
    : anywhere || bucket === 'shaky'
      ? ['succeeded', 'with-errors', 'failed']
      : bucket === 'away'
        ? ['with-errors']
        : sound
          ? ['succeeded']
          : ['succeeded', 'with-errors'];
  if (!allowed.includes(report.outcome))
    throw new Error(`the run is ${said}; it has to be ${allowed.join(' or ')}`);
  if (!anywhere && !hopeless && made === undefined) throw new Error(`there is no set: ${said}`);
  if ((report.outcome === 'failed') !== (made === undefined))
    throw new Error(`the run is ${said}, and its set ${made === undefined ? 'was not made' : 'was made'}`);
  if (made !== undefined && report.timestamp !== timestamp)
    throw new Error(`the set is called ${report.timestamp ?? '?'}, and not ${timestamp}`);
  if (made !== undefined && (report.suspicion !== undefined) !== small)
    throw new Error(
      `the set ${timestamp} is ${small ? 'small, and not suspicious' : `suspicious, and not small: ${report.suspicion?.reasons.join('; ') ?? ''}`}`,
    );
  const { lastRun } = await real.journal.read();
  if (lastRun?.outcome !== report.outcome || lastRun.timestamp !== report.timestamp)
    throw new Error(`the journal tells of another run: ${JSON.stringify(lastRun)}`);
}
