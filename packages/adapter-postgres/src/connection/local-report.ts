import { AsyncLocalStorage } from 'node:async_hooks';

/** Receives the full text of a message, which may hold values from the database. */
export type ReportLocally = (text: string) => void;

const receiver = new AsyncLocalStorage<ReportLocally>();

/**
 * Runs the work and passes the full text of each shortened message to `report`. These texts must stay on this
 * machine. Without a receiver, they are dropped.
 */
export function withLocalReport<T>(report: ReportLocally, work: () => Promise<T>): Promise<T> {
  return receiver.run(report, work);
}

/** Passes a full text to the receiver of the current work. */
export function reportLocally(text: string): void {
  receiver.getStore()?.(text);
}
