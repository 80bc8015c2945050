import type { BackupError } from '../errors.ts';
import type { DrillReport } from './drill-report.ts';
import type { Copy } from './copy.ts';
import type { ArtifactVerdict } from './read-copy.ts';

/** What became of one copy. */
export interface CopyReport {
  readonly copy: Copy;
  /**
   * - `good`: all that was looked at is well; with a drill, that it was proven;
   * - `bad`: an artifact is damaged or missing, or a drill disproved the dump;
   * - `unproven`: good as far as it was read, but a drill was not possible here, or the form of the dump is
   *   newer than the programs here;
   * - `unread`: it could not be read to its end, for a reason that says nothing of it;
   * - `gone`: retention, or somebody, has removed it meanwhile.
   */
  readonly verdict: 'good' | 'bad' | 'unproven' | 'unread' | 'gone';
  /** What was found of each. */
  readonly artifacts: readonly ArtifactVerdict[];
  /** Absent when none was asked for, or there was no sense in it. */
  readonly drill: DrillReport | undefined;
  /** What a drill of before has found, where none was made now. */
  readonly standing: string | undefined;
  /** Why it is unread. */
  readonly error: BackupError | undefined;
  /** How long it took. */
  readonly milliseconds: number;
}

/** What became of a verification. */
export interface VerifyReport {
  readonly copies: readonly CopyReport[];
  /** What people should know besides. */
  readonly notes: readonly string[];
  /** What was not done: stores that could not be asked, results that could not be written into manifests. */
  readonly errors: readonly BackupError[];
}

/** What this machine lacks to say that a copy is good, one sentence each. */
export function lacksOf({ artifacts, drill }: Pick<CopyReport, 'artifacts' | 'drill'>): readonly string[] {
  return [
    ...artifacts.flatMap(({ unjudged }) => unjudged ?? []),
    ...(drill?.verdict === 'unprovable' ? drill.reasons : []),
  ];
}

/** Everything that is wrong with a copy, one sentence each. */
export function problemsOf({
  artifacts,
  drill,
  standing,
  verdict,
}: Pick<CopyReport, 'artifacts' | 'drill' | 'standing' | 'verdict'>): readonly string[] {
  const damaged = [
    ...artifacts.flatMap(({ problem }) => problem ?? []),
    ...(standing === undefined ? [] : [standing]),
  ];
  return verdict === 'bad' && drill?.verdict === 'disproven' ? [...damaged, ...drill.reasons] : damaged;
}
