import { KINDS, stateOf, textOf, type Copy } from './copies.ts';

/** What a copy has to be after a command. */
export interface Demand {
  readonly says: string;
  readonly holds: (after: Copy | undefined) => boolean;
}

/** By place; a copy of which nothing is demanded has to be what it was. */
export type Demands = ReadonlyMap<string, Demand>;

export function exactly(copy: Copy | undefined): Demand {
  return { says: textOf(copy), holds: (after) => textOf(after) === textOf(copy) };
}

export function either(...demands: readonly Demand[]): Demand {
  return {
    says: demands.map(({ says }) => says).join(', or '),
    holds: (after) => demands.some(({ holds }) => holds(after)),
  };
}

/** Unless it is as before, its manifest went first. */
export function removedAsFarAs(before: Copy): Demand {
  const holds = (after: Copy | undefined): boolean =>
    after === undefined ||
    textOf(after) === textOf(before) ||
    (after.files.manifest === undefined &&
      KINDS.every((kind) => after.files[kind] === undefined || after.files[kind] === before.files[kind]));
  return { says: `${textOf(before)}, or removed, its manifest first`, holds };
}

/**
 * Every artifact is as before or as in the source, none that was there is gone, and a manifest comes last.
 */
export function copiedAsFarAs(before: Copy | undefined, ...sources: readonly Copy[]): Demand {
  const holds = (after: Copy | undefined): boolean => {
    if (after === undefined) return before === undefined;
    const kinds = KINDS.every(
      (kind) =>
        [before, ...sources].some((one) => one?.files[kind] === after.files[kind]) &&
        (after.files[kind] !== undefined || before?.files[kind] === undefined),
    );
    const marks = (['suspected', 'accepted', 'bad'] as const).every(
      (mark) =>
        after.files.manifest === undefined || [before, ...sources].some((one) => one?.[mark] === after[mark]),
    );
    const early =
      before?.files.manifest === undefined &&
      after.files.manifest !== undefined &&
      stateOf(after) === 'partial';
    return kinds && marks && !early;
  };
  return { says: `${textOf(before)}, or on its way to ${sources.map(textOf).join(' or ')}`, holds };
}

/** What the two maps have in common is the second's. */
export function together(...all: readonly Demands[]): Demands {
  return new Map(all.flatMap((demands) => [...demands]));
}
