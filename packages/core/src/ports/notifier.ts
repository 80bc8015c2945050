/** What somebody who does not look at the log is told. */
export interface Notification {
  /** What it is about. */
  readonly event: 'run.started' | 'run.finished' | 'drill.finished' | 'replica-check.finished';
  /** `trouble`: somebody has to look, be it that a backup was made. */
  readonly state: 'started' | 'good' | 'trouble';
  /** Whose run or restore test it was. */
  readonly database: string;
  /** One line. */
  readonly title: string;
  /** What there is to say besides, as lines; may be empty. */
  readonly text: string;
  /** The last lines of the log. */
  readonly log: string;
  /** The whole account, as values that JSON can hold. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Somebody to be told. Notices are finished texts, without secrets. */
export interface Notifier {
  /** For messages; without secrets. */
  readonly name: string;
  /**
   * Hands over a notice, trying again within a bound where that may help. A notice that is none of its
   * business is no error. Rejects with NOTIFICATION_FAILED when nobody took it; soon after the signal fires
   * it gives up.
   */
  notify(notification: Notification, options: { readonly signal: AbortSignal }): Promise<void>;
}
