import { abortedBy, BackupError } from '../base/errors.ts';
import type { TableRows } from '../model/manifest.ts';
import { parseTimestamp } from '../model/timestamp.ts';
import type {
  DumpRestorer,
  Inspection,
  Restored,
  RestoreInput,
  RestoreSession,
  RestoreSessionOptions,
} from '../ports/dump-restorer.ts';
import { rowsInFakeDump } from './fake-dump-producer.ts';

/** An operation that can fail on request. */
export type RestorerOperation = 'open' | 'inspect' | 'restore' | 'swap' | 'drop';

/**
 * A server in memory that restores the dumps of a FakeDumpProducer. Every database is a list of tables with
 * row counts.
 */
export class FakeDumpRestorer implements DumpRestorer {
  readonly databases = new Map<string, readonly TableRows[]>();
  /** Called before each operation. A returned error is thrown. */
  fault: (operation: RestorerOperation) => Error | undefined = () => undefined;
  /** Overrides the result of `inspect`. */
  results: Partial<Inspection> = {};
  /** Orphans of a dead session that the next session removes. */
  orphans: readonly string[] = [];
  /** Number of rows that every restore loses. */
  lostRows = 0;
  /** What every restore leaves out. */
  incomplete: readonly string[] = [];
  /** What remains to be done after every swap. */
  afterSwap: readonly string[] = [];
  /** Whether logical replication uses the old database. */
  inUse = false;
  /** Number of open sessions and unswapped databases. */
  openThings = 0;

  open(database: string, { exclusive, signal }: RestoreSessionOptions): Promise<RestoreSession> {
    const enter = (operation: RestorerOperation): Promise<void> => {
      const error = signal.aborted ? abortedBy(signal) : this.fault(operation);
      return error === undefined ? Promise.resolve() : Promise.reject(error);
    };
    const restored = async (input: RestoreInput): Promise<Restored> => {
      if (!exclusive) throw new TypeError('only an exclusive session may restore');
      await enter('restore');
      const rows = (await rowsInFakeDump(input.dump)).map((table) => ({
        ...table,
        rows: table.rows - this.lostRows,
      }));
      return { rows, extensionRows: [], notes: [], incomplete: this.incomplete };
    };
    let closing = (): void => undefined;
    const session: RestoreSession = {
      recovered: exclusive ? this.orphans : [],
      inspect: async () => {
        await enter('inspect');
        return {
          problems: [],
          estimatedProblems: [],
          warnings: [],
          logicalReplication: [],
          exists: this.databases.has(database),
          serverVersion: '17.2',
          dumpVersion: '17.2',
          ...this.results,
        };
      },
      restoreAside: async (input) => {
        const result = await restored(input);
        const gone = this.opening();
        return {
          ...result,
          swap: async () => {
            await enter('swap');
            const old = this.databases.get(database);
            const previous = `${database}_before`;
            if (old !== undefined) this.databases.set(previous, old);
            this.databases.set(database, result.rows);
            gone();
            return { previous: old && previous };
          },
          discard: () => {
            gone();
            return Promise.resolve();
          },
        };
      },
      restoreInPlace: async (input) => {
        const result = await restored(input);
        this.databases.set(database, result.rows);
        return result;
      },
      restoreTables: async (input, { tables }) => {
        const result = await restored(input);
        const rows = result.rows.filter(({ schema, table }) => tables.includes(`${schema}.${table}`));
        if (rows.length === 0) throw new BackupError('RESTORE_FAILED', 'no such table');
        const others = (this.databases.get(database) ?? []).filter(
          (one) => !rows.some(({ schema, table }) => schema === one.schema && table === one.table),
        );
        this.databases.set(database, [...others, ...rows]);
        return { ...result, rows };
      },
      finishSwap: async (previous, { drop }) => {
        if (!drop || previous === undefined) return { dropped: false, warnings: this.afterSwap };
        await enter('drop');
        if (!this.inUse) this.databases.delete(previous);
        return { dropped: !this.inUse, warnings: this.afterSwap };
      },
      listPrevious: () =>
        Promise.resolve(
          [...this.databases.keys()].flatMap((name) => {
            const timestamp = parseTimestamp(name.slice(`${database}_before_`.length));
            const isKept = timestamp !== undefined && name === `${database}_before_${timestamp}`;
            return isKept ? { name, timestamp, bytes: 1 } : [];
          }),
        ),
      dropPrevious: (name) => session.finishSwap(name, { drop: true }),
      close: () => {
        closing();
        return Promise.resolve();
      },
    };
    return enter('open').then(() => {
      closing = this.opening();
      if (exclusive) this.orphans = [];
      return session;
    });
  }

  private opening(): () => void {
    this.openThings += 1;
    let open = true;
    return () => {
      if (open) this.openThings -= 1;
      open = false;
    };
  }
}
