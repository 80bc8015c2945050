const MIB = 1024 * 1024;

/** Sizes in bytes by which objects are cut. Tests set smaller ones; the defaults are made for real stores. */
export interface UploadLimits {
  /**
   * The size of a part where the number of parts allows it: S3 wants 5 MiB at least. What is no larger goes
   * in one request.
   */
  readonly partBytes: number;
  /** Parts in flight at once. Their buffers are what an upload takes of memory. */
  readonly parallelParts: number;
  /** Larger parts (of an object of more than `maxParts` times this) are not held in memory but read twice. */
  readonly bufferedPartBytes: number;
  /** The most that one CopyObject may copy: 5 GiB at Amazon. */
  readonly singleCopyBytes: number;
  readonly copyPartBytes: number;
}

export const LIMITS: UploadLimits = {
  partBytes: 5 * MIB,
  parallelParts: 3,
  bufferedPartBytes: 5 * MIB,
  singleCopyBytes: 5 * 1024 * MIB,
  copyPartBytes: 1024 * MIB,
};

/** At Amazon, and what most others took over. */
export const MAX_PARTS = 10_000;

/**
 * The size of the parts of an object: the least, or as much more, in whole MiB, as its length takes to fit
 * into so many parts.
 */
export function partBytesFor(bytes: number, least: number, maxParts: number): number {
  return Math.max(least, Math.ceil(bytes / maxParts / MIB) * MIB);
}
