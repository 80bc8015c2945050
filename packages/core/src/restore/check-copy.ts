import { BackupError } from '../base/errors.ts';
import type { ArtifactKind } from '../model/artifact-name.ts';
import type { Checks } from '../model/manifest.ts';
import type { Inspection } from '../ports/dump-restorer.ts';
import type { SetCopy } from '../ports/set-copy.ts';
import { readCopy, type ArtifactReading, type ReadingParts } from '../catalog/read-copy.ts';

/** A copy that was read completely. */
export interface CheckedCopy {
  /** Damaged artifacts of the database. */
  readonly damaged: readonly ArtifactReading[];
  /** Members that a restore of the archive leaves out, as far as they were listed. */
  readonly leftOut: readonly string[];
  /** Why the archive cannot be restored. The database can still be restored. */
  readonly stagingError: BackupError | undefined;
}

export interface CheckOptions {
  /**
   * Artifacts that are unpacked next to the live ones before anything is replaced. Their own programs read
   * them at that point. The SHA-256 is enough for them if the same bytes passed a content check before.
   */
  readonly putAside: readonly ArtifactKind[];
  readonly signal: AbortSignal;
}

/**
 * Reads every artifact that a restore needs.
 * @throws the error from reading the dump or the globals
 */
export async function checkCopy(
  parts: ReadingParts,
  copy: SetCopy,
  { putAside, signal }: CheckOptions,
): Promise<CheckedCopy> {
  const kinds = (['dump', 'globals', 'staging'] as const).filter(
    (kind) => copy.artifacts[kind] !== undefined,
  );
  const bytesOnly = putAside.filter((kind) => wasReadThrough(copy, kind, copy.checks));
  const readings = await readCopy(parts, copy, { kinds, bytesOnly, signal });
  const ofDatabase = readings.filter(({ kind }) => kind !== 'staging');
  const damaged = ofDatabase.filter(({ problem }) => problem !== undefined);
  const unusable = ofDatabase.map(({ failure, refusal }) => failure ?? refusal).find((error) => error);
  if (unusable !== undefined && damaged.length === 0) throw unusable;
  const staging = readings.find(({ kind }) => kind === 'staging');
  const stagingError =
    staging?.problem === undefined
      ? (staging?.failure ?? staging?.refusal)
      : new BackupError('ARTIFACT_UNREADABLE', staging.problem);
  return { damaged, leftOut: staging?.leftOut ?? [], stagingError };
}

/** Returns whether the bytes that the manifest names have passed the content check. */
function wasReadThrough({ artifacts }: SetCopy, kind: ArtifactKind, { content }: Checks): boolean {
  return artifacts[kind]?.sha256 !== undefined && content?.outcome === 'passed';
}

export interface DiagnosticResults {
  readonly damaged: readonly ArtifactReading[];
  /** `undefined` if the dump is damaged. */
  readonly inspection: Inspection | undefined;
  /** Problems that `force` overrides. */
  readonly overridable: readonly string[];
}

/**
 * Refuses an impossible restore, with all reasons in one list.
 * @returns the inspection of a restorable dump
 * @throws BackupError ARTIFACT_UNREADABLE if an artifact is damaged
 * @throws BackupError RESTORE_REFUSED for any other problem
 */
export function refuse(label: string, { damaged, inspection, overridable }: DiagnosticResults): Inspection {
  const all = [...damaged.flatMap(({ problem }) => problem ?? []), ...(inspection?.problems ?? [])];
  if (inspection !== undefined && all.length + overridable.length === 0) return inspection;
  throw new BackupError(
    damaged.length > 0 ? 'ARTIFACT_UNREADABLE' : 'RESTORE_REFUSED',
    refusalText(label, [...all, ...overridable]),
    { details: { source: label, problems: all, overridable } },
  );
}

/** Returns the message of a refused restore, with its problems as a list. */
export function refusalText(source: string, problems: readonly string[]): string {
  return `${source} is not restored, and nothing was changed:${problems.map((line) => `\n  - ${line}`).join('')}`;
}
