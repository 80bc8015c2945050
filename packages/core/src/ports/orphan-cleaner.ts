/** A component that may leave orphaned files outside of the stores if its process dies. */
export interface OrphanCleaner {
  /**
   * Removes only what dead processes left. The caller holds the lock. Returns descriptions of what it
   * removed, for the operator. Empty if there was nothing.
   * @param options `onWarning` is called for each orphan that stays and needs the operator
   */
  cleanUp(options?: {
    readonly signal?: AbortSignal | undefined;
    readonly onWarning?: ((message: string) => void) | undefined;
  }): Promise<readonly string[]>;
}
