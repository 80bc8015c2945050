import type { ArtifactKind } from '../model/artifact-name.ts';

/**
 * The manifest makes a set complete, so it comes last; a dump without globals would pass for a legacy set, so
 * these come first.
 */
const ORDER: readonly ArtifactKind[] = ['globals', 'staging', 'dump', 'manifest'];

/** The order in which the artifacts of a set get their names, wherever that is not done in one step. */
export function inPublicationOrder<T extends { readonly kind: ArtifactKind }>(
  artifacts: readonly T[],
): readonly T[] {
  return [...artifacts].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
}
