import { AsyncLocalStorage } from 'node:async_hooks';

/** Receives the full text of a message, which may hold values from the database. */
export type ReportLocally = (text: string) => void;

const receiver = new AsyncLocalStorage<ReportLocally>();

/**
 * Runs the work. The full text of each message that it shortens goes to `report`, whose texts must stay on
 * this machine. Without a receiver, they are dropped.
 */
export function withLocalReport<T>(report: ReportLocally, work: () => Promise<T>): Promise<T> {
  return receiver.run(report, work);
}

/** Hands a full text to the receiver of the work that is running. */
export function reportLocally(text: string): void {
  receiver.getStore()?.(text);
}
