/** A message for an operator who does not read the log. */
export interface Notification {
  /** The event that caused it. */
  readonly event: 'run.started' | 'run.finished' | 'drill.finished' | 'replica-check.finished';
  /** `trouble`: needs attention, even if a backup exists. */
  readonly state: 'started' | 'good' | 'trouble';
  /** Database of the run or restore test. */
  readonly database: string;
  /** One line. */
  readonly title: string;
  /** Further text, as lines. May be empty. */
  readonly text: string;
  /** Last lines of the log. */
  readonly log: string;
  /** The complete report, as JSON values. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A notification channel. Messages are final and contain no secrets. */
export interface Notifier {
  /** Name for messages, without secrets. */
  readonly name: string;
  /**
   * Delivers a notification, with a limited number of retries where these can help. Ignores notifications
   * outside its scope without an error. Gives up soon after the signal fires.
   * @throws BackupError NOTIFICATION_FAILED if no delivery succeeded
   */
  notify(notification: Notification, options: { readonly signal: AbortSignal }): Promise<void>;
}
