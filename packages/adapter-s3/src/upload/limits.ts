const MIB = 1024 * 1024;

/** Part sizes and related limits, in bytes. The defaults suit real stores; tests set smaller values. */
export interface UploadLimits {
  /**
   * Size of a part if the number of parts allows it: S3 requires at least 5 MiB. Objects up to this size take
   * one request.
   */
  readonly partBytes: number;
  /** Number of parts in flight at once. Their buffers are the memory of an upload. */
  readonly parallelParts: number;
  /**
   * Maximum size of a part in memory. Larger parts (in objects of more than `maxParts` such parts) are read
   * twice.
   */
  readonly bufferedPartBytes: number;
  /** Maximum size of one CopyObject: 5 GiB at Amazon. */
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

/** Amazon's maximum, which most other providers adopted. */
export const MAX_PARTS = 10_000;

/** Returns the part size of an object: the minimum, or more in whole MiB if it needs too many parts. */
export function partBytesFor(bytes: number, least: number, maxParts: number): number {
  return Math.max(least, Math.ceil(bytes / maxParts / MIB) * MIB);
}
