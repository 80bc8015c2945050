/** Something that keeps things outside of the stores while it works, and may die over it. */
export interface OrphanCleaner {
  /**
   * Removes what processes that died have left, and nothing else. The caller holds the lock.
   * Answers what was removed, for people to read; nothing when there was nothing.
   * @param options `onWarning` is called for each thing that stays and that the operator has to look at.
   */
  cleanUp(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly onWarning?: ((message: string) => void) | undefined;
  }): Promise<readonly string[]>;
}
