import type { ArtifactKind } from '../model/artifact-name.ts';

/**
 * The manifest comes last because it makes a set complete. Globals come first because a dump without them
 * passes for a legacy set.
 */
const ORDER: readonly ArtifactKind[] = ['globals', 'staging', 'details', 'dump', 'signature', 'manifest'];

/** Sorts the artifacts of a set by the order of publication, for stores that publish in several steps. */
export function inPublicationOrder<T extends { readonly kind: ArtifactKind }>(
  artifacts: readonly T[],
): readonly T[] {
  return [...artifacts].sort((one, other) => ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind));
}
