import type { SetCopy } from '../ports/set-copy.ts';

/** Returns a key that is equal for copies with the same files and the same state, or else the copy itself. */
export function sameFilesAs(copy: SetCopy): unknown {
  const { stored, checks } = copy;
  if (stored?.store.capabilities.localFiles === undefined) return copy;
  const { artifacts, state, problems } = stored.set;
  // The tag of a local file names the file itself, not only its content.
  const tags = artifacts.map(({ tag }) => tag);
  if (tags.includes(undefined)) return copy;
  return JSON.stringify([stored.store.name, tags, state, problems, checks.restoreTest]);
}

/** Returns a copy that stands for copies with the same files, for messages. */
export function asOne(copies: readonly SetCopy[]): SetCopy {
  const [first] = copies;
  if (first === undefined) throw new Error('no copy');
  const tiers = copies.map(({ stored }) => stored?.set.tier).join(', ');
  return copies.length === 1
    ? first
    : { ...first, label: first.label.replace(`(${first.stored?.set.tier ?? ''},`, `(${tiers},`) };
}
