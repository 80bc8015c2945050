import { isBackupError } from '../base/errors.ts';
import type { CheckOutcome } from './check-outcome.ts';
import { withoutReasons } from './encrypted-manifest.ts';
import { parseFields, type Fields } from './fields.ts';
import { CHECK_NAMES, type Checks, type CheckResult, type Manifest, type Suspicion } from './manifest.ts';
import type { RunTimestamp } from './timestamp.ts';

/** Version of the state file format that this code writes, and the newest that it reads. */
const STATE_SCHEMA_VERSION = 1;

const OUTCOMES: readonly CheckOutcome[] = ['passed', 'failed', 'inconclusive', 'skipped'];

/** Keeps a set from being removed. */
export interface Hold {
  /** Time at which an operator placed it, ISO 8601, UTC. */
  readonly at: string;
  /** Why, for people. `undefined` if no reason was given. */
  readonly note?: string | undefined;
  /** Time at which it ends, ISO 8601, UTC. `undefined` if it has no end. */
  readonly until?: string | undefined;
}

/** Maximum length of a note in characters. */
export const LONGEST_NOTE = 1000;

/** Returns whether a hold is in force. */
export function isHeld({ hold }: { readonly hold?: Hold | undefined }, now: Date): boolean {
  return hold !== undefined && (hold.until === undefined || Date.parse(hold.until) > now.getTime());
}

/**
 * Results about one copy of a set from after its publication. Other copies have their own. A state file never
 * makes a set trusted.
 */
export interface StateFile {
  readonly timestamp: RunTimestamp;
  readonly checks: Checks;
  /** Time at which an operator accepted the set, ISO 8601, UTC. */
  readonly acceptedAt?: string | undefined;
  /** `undefined` if the set is not held. */
  readonly hold?: Hold | undefined;
}

/** New results for a state file. */
export type Learnt = Partial<Pick<StateFile, 'checks' | 'acceptedAt'>> & {
  /** `null` ends a hold. */
  readonly hold?: Hold | null | undefined;
};

/** Merged results about a set, from before and after its publication. */
export interface CurrentState {
  /** Latest result of each check. */
  readonly checks: Checks;
  /** Why the set is suspicious. `undefined` once it is accepted. */
  readonly suspicion?: Suspicion | undefined;
  /** Time at which an operator accepted the set, ISO 8601, UTC. Older sets are then no baseline. */
  readonly acceptedAt?: string | undefined;
  /** Keeps the set from being removed. `undefined` if it is not held. */
  readonly hold?: Hold | undefined;
}

/**
 * Merges a manifest with the state file of its copy. The later result of each check counts, because an older
 * version may have written it into the manifest. At equal times, the result of the state file counts.
 */
export function currentState(
  manifest: Pick<Manifest, 'checks' | 'suspicion' | 'acceptedAt'>,
  state: StateFile | undefined,
): CurrentState {
  const acceptedAt = manifest.acceptedAt ?? state?.acceptedAt;
  const newer = CHECK_NAMES.flatMap((name): [string, CheckResult][] => {
    const [before, after] = [manifest.checks[name], state?.checks[name]];
    return after === undefined || timeOf(after) < timeOf(before) ? [] : [[name, after]];
  });
  return {
    checks: { ...manifest.checks, ...Object.fromEntries(newer) },
    suspicion: acceptedAt === undefined ? manifest.suspicion : undefined,
    acceptedAt,
    ...(state?.hold !== undefined && { hold: state.hold }),
  };
}

/** Returns the time of a check in milliseconds; negative infinity if it is not readable. */
export function timeOf(check: CheckResult | undefined): number {
  const time = Date.parse(check?.at ?? '');
  return Number.isNaN(time) ? -Infinity : time;
}

/**
 * Parses the state file of a run. Ignores unknown fields.
 * @throws BackupError MANIFEST_TOO_NEW if its version is newer
 * @throws BackupError MANIFEST_INVALID if it is damaged, or of another run
 */
export function parseStateFile(text: string, timestamp: RunTimestamp): StateFile {
  const root = parseFields(text, 'the state file', STATE_SCHEMA_VERSION);
  if (root.timestamp('timestamp') !== timestamp) throw root.wrong('timestamp', timestamp);
  return {
    timestamp,
    checks: root.has('checks') ? checks(root.fields('checks')) : {},
    ...(root.has('acceptedAt') && { acceptedAt: root.date('acceptedAt') }),
    ...(root.has('hold') && { hold: hold(root.fields('hold')) }),
  };
}

function hold(fields: Fields): Hold {
  return {
    at: fields.date('at'),
    ...(fields.has('note') && { note: fields.text('note', LONGEST_NOTE) }),
    ...(fields.has('until') && { until: fields.date('until') }),
  };
}

function checks(fields: Fields): Checks {
  return Object.fromEntries(
    CHECK_NAMES.filter((name) => fields.has(name)).map((name): [string, CheckResult] => {
      const check = fields.fields(name);
      const outcome = OUTCOMES.find((one) => one === check.text('outcome'));
      if (outcome === undefined) throw check.wrong('outcome', OUTCOMES.join(', '));
      return [
        name,
        {
          outcome,
          at: check.date('at'),
          ...(check.has('reason') && { reason: check.text('reason') }),
          ...(check.has('damaged') && check.flag('damaged') && { damaged: true }),
          ...(check.has('acceptedAt') && { acceptedAt: check.date('acceptedAt') }),
        },
      ];
    }),
  );
}

/**
 * Returns a state file with new results added. Keeps fields that this version does not know.
 * @param text the current state file, replaced if it is damaged or of another run; `undefined` if there is
 * none
 * @throws BackupError MANIFEST_TOO_NEW if a newer version wrote the current one
 */
export function amendStateFile(text: string | undefined, timestamp: RunTimestamp, learnt: Learnt): string {
  const before = text === undefined ? {} : fieldsIn(text, timestamp);
  const after = {
    ...before,
    schemaVersion: STATE_SCHEMA_VERSION,
    timestamp,
    ...learnt,
    checks: { ...before.checks, ...learnt.checks },
  };
  return `${JSON.stringify(after, undefined, 2)}\n`;
}

/** Returns the text of a state file without reasons and notes. Returns other texts as they are. */
export function withoutStateReasons(text: string): string {
  try {
    const json = JSON.parse(text) as StateFile;
    const { checks: found, hold: held } = parseStateFile(text, json.timestamp);
    const checks = withoutReasons(found);
    const kept = held && { hold: { at: held.at, until: held.until } };
    return `${JSON.stringify({ ...json, checks, ...kept }, undefined, 2)}\n`;
  } catch {
    return text;
  }
}

function fieldsIn(text: string, timestamp: RunTimestamp): Partial<StateFile> {
  try {
    parseStateFile(text, timestamp);
    return JSON.parse(text) as Partial<StateFile>;
  } catch (error) {
    if (isBackupError(error, 'MANIFEST_TOO_NEW')) throw error;
    return {};
  }
}
