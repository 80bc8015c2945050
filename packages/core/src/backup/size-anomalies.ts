import { countText, numberText } from '../base/count-text.ts';
import { dumpOf, rowsOf, type Manifest, type ManifestArtifact } from '../model/manifest.ts';

/** Default share of the median below which a set is suspicious. */
const SIZE_ANOMALY_THRESHOLD = 0.5;

/** A measured quantity: its value in the new set and in the previous sets. */
interface SizeMeasure {
  /** Start of the sentence: `it has 1,000 rows`. */
  readonly observation: string;
  readonly value: number | undefined;
  readonly former: readonly number[];
}

type Artifacts = readonly ManifestArtifact[];

/**
 * Returns why a new set is suspicious, one sentence each. Its rows, its dump or its staging archive are then
 * below a share of the median of the previous sets. Compares only dumps of the same compression method. A
 * missing archive counts as 0 bytes. Returns nothing without previous sets, or with a threshold of 0. Pure.
 * @param former manifests chosen by `chooseSizeBaseline`
 * @param threshold share, from 0 to 1
 */
export function sizeAnomalies(
  artifacts: Artifacts,
  former: readonly Manifest[],
  threshold: number = SIZE_ANOMALY_THRESHOLD,
): readonly string[] {
  const before = former.map((manifest) => manifest.artifacts);
  return [
    rowsMeasure(artifacts, before),
    dumpMeasure(artifacts, before),
    archiveMeasure(artifacts, before),
  ].flatMap((measure) => reasonOf(measure, threshold));
}

function reasonOf({ observation, value, former }: SizeMeasure, threshold: number): string[] {
  const middle = median(former);
  if (value === undefined || middle === undefined || middle === 0) return [];
  // Divides instead of multiplying, so that a value of exactly the threshold is never below it by rounding.
  if (value / middle >= threshold) return [];
  const comparedWith = former.length === 1 ? 'the last set' : `the median of the last ${former.length} sets`;
  return [
    `${observation}, which is ${shareText(value, middle)} of ${comparedWith} (${numberText(Math.round(middle))}); less than ${percentText(threshold * 100)} is suspicious`,
  ];
}

function rowsMeasure(artifacts: Artifacts, before: readonly Artifacts[]): SizeMeasure {
  const value = rowsOf({ artifacts });
  return {
    observation: `it has ${countText(value ?? 0, 'row')}`,
    value,
    former: before.flatMap((one) => rowsOf({ artifacts: one }) ?? []),
  };
}

function dumpMeasure(artifacts: Artifacts, before: readonly Artifacts[]): SizeMeasure {
  const dump = dumpOf({ artifacts });
  const alike = before
    .flatMap((one) => dumpOf({ artifacts: one }) ?? [])
    .filter((one) => methodOf(one) === methodOf(dump));
  return {
    observation: `its dump has ${countText(dump?.bytes ?? 0, 'byte')}`,
    value: dump?.bytes,
    former: alike.map(bytesOf),
  };
}

function archiveMeasure(artifacts: Artifacts, before: readonly Artifacts[]): SizeMeasure {
  const archive = archiveOf(artifacts);
  const observation =
    archive === undefined
      ? 'it has no staging archive'
      : `its staging archive has ${countText(archive.bytes, 'byte')}`;
  return { observation, value: archive?.bytes ?? 0, former: before.map((one) => bytesOf(archiveOf(one))) };
}

function archiveOf(artifacts: Artifacts): ManifestArtifact | undefined {
  return artifacts.find(({ kind }) => kind === 'staging');
}

/** Returns the plain length of an artifact, in bytes; 0 if there is none. */
function bytesOf(artifact: ManifestArtifact | undefined): number {
  return artifact?.plain?.bytes ?? artifact?.bytes ?? 0;
}

/** Returns the compression method without its level: `zstd`. */
function methodOf(dump: ManifestArtifact | undefined): string | undefined {
  return dump?.compression?.split(':')[0];
}

/** Rounds down, so that a share below the threshold also prints as below it. */
function shareText(value: number, middle: number): string {
  const permille = Math.floor((value * 1000) / middle);
  return permille === 0 && value > 0 ? 'less than 0.1 %' : percentText(permille / 10);
}

function percentText(percent: number): string {
  return `${Number(percent.toPrecision(12))} %`;
}

/** Returns the median; the mean of the middle two for an even count. `undefined` if there are no numbers. */
export function median(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.length === 0 ? undefined : middle.reduce((sum, one) => sum + one, 0) / middle.length;
}
