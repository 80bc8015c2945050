/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). Set RESTORE_SEED to have other ones. */
export function seeded(seed = Number(process.env['RESTORE_SEED'] ?? '20261122')): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
