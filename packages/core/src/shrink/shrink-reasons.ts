import { countText } from '../count-text.ts';
import { dumpOf, rowsOf, type Manifest, type ManifestArtifact } from '../manifest/manifest.ts';
import { median } from './median.ts';

/** Under which share of the median a set is suspicious, when nobody says otherwise. */
export const SHRINK_THRESHOLD = 0.5;

/** One thing that is measured: what it is in the new set, and what it was in the former ones. */
interface Measure {
  /** The beginning of the sentence: `it has 1,000 rows`. */
  readonly finding: string;
  readonly value: number | undefined;
  readonly former: readonly number[];
}

type Artifacts = readonly ManifestArtifact[];

/**
 * Why a new set is suspicious, one sentence each: its rows, its dump or its staging archive are under a share
 * of the median of the former sets. Dumps are compared with those of the same method of compression only; an
 * archive that is not there has no bytes. Without former sets nothing is suspicious, and with a threshold of
 * 0 neither. Pure.
 * @param former the manifests that chooseYardsticks chose
 * @param threshold a share, from 0 to 1
 */
export function shrinkReasons(
  artifacts: Artifacts,
  former: readonly Manifest[],
  threshold: number = SHRINK_THRESHOLD,
): readonly string[] {
  const before = former.map((manifest) => manifest.artifacts);
  return [
    rowsMeasure(artifacts, before),
    dumpMeasure(artifacts, before),
    archiveMeasure(artifacts, before),
  ].flatMap((measure) => reasonOf(measure, threshold));
}

function reasonOf({ finding, value, former }: Measure, threshold: number): string[] {
  const middle = median(former);
  if (value === undefined || middle === undefined || middle === 0) return [];
  // Divided, not multiplied: what is exactly the threshold is not under it, whatever its binary fraction.
  if (value / middle >= threshold) return [];
  const yardstick = former.length === 1 ? 'the last set' : `the median of the last ${former.length} sets`;
  return [
    `${finding}, which is ${shareText(value, middle)} of ${yardstick} (${numberText(Math.round(middle))}); less than ${percentText(threshold * 100)} is suspicious`,
  ];
}

function rowsMeasure(artifacts: Artifacts, before: readonly Artifacts[]): Measure {
  const value = rowsOf({ artifacts });
  return {
    finding: `it has ${countText(value ?? 0, 'row')}`,
    value,
    former: before.flatMap((one) => rowsOf({ artifacts: one }) ?? []),
  };
}

function dumpMeasure(artifacts: Artifacts, before: readonly Artifacts[]): Measure {
  const dump = dumpOf({ artifacts });
  const alike = before
    .flatMap((one) => dumpOf({ artifacts: one }) ?? [])
    .filter((one) => methodOf(one) === methodOf(dump));
  return {
    finding: `its dump has ${countText(dump?.bytes ?? 0, 'byte')}`,
    value: dump?.bytes,
    former: alike.map(({ bytes }) => bytes),
  };
}

function archiveMeasure(artifacts: Artifacts, before: readonly Artifacts[]): Measure {
  const archive = archiveOf(artifacts);
  const finding =
    archive === undefined
      ? 'it has no staging archive'
      : `its staging archive has ${countText(archive.bytes, 'byte')}`;
  return { finding, value: archive?.bytes ?? 0, former: before.map((one) => archiveOf(one)?.bytes ?? 0) };
}

function archiveOf(artifacts: Artifacts): ManifestArtifact | undefined {
  return artifacts.find(({ kind }) => kind === 'staging');
}

/** `zstd`, whatever its level. */
function methodOf(dump: ManifestArtifact | undefined): string | undefined {
  return dump?.compression?.split(':')[0];
}

/** Rounded down, so that what is under the threshold is also shown so. */
function shareText(value: number, middle: number): string {
  const permille = Math.floor((value * 1000) / middle);
  return permille === 0 && value > 0 ? 'less than 0.1 %' : percentText(permille / 10);
}

function percentText(percent: number): string {
  return `${Number(percent.toPrecision(12))} %`;
}

function numberText(value: number): string {
  return value.toLocaleString('en-US');
}
