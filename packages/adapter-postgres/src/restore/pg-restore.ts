import { BackupError, type ArtifactContent } from '@geolens/backup-core';
import { Program, type ProgramEnd, type ProgramEnvironment, programFed } from '@geolens/backup-system';
import { ENTRY_LABEL, isEntry } from '../connection/program-messages.ts';
import type { DecodeText } from '../connection/postgres-encodings.ts';

export interface PgRestoreRequest {
  readonly pgRestore: string;
  readonly args: readonly string[];
  readonly dump: ArtifactContent;
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
  /** Decodes messages: those of the server are in the encoding of the dump. */
  readonly decode?: DecodeText | undefined;
  /** Called for each entry that pg_restore has finished or started; requires `--verbose`. */
  readonly onEntry?: (() => void) | undefined;
  /** Returns whether the text of an error is no failure; such an error is not kept. */
  readonly passOver?: ((error: string) => boolean) | undefined;
  /** Whether to stop pg_restore soon after the first kept error; otherwise it runs to its end. */
  readonly stopAtError?: boolean | undefined;
  /** File descriptors that it gets as 3, 4, …. */
  readonly descriptors?: readonly number[] | undefined;
}

/** Maximum number of kept errors. */
const KEPT_ERRORS = 200;

/** Matches the start of a message within a line: several workers write their messages to stderr in pieces. */
const TORN = /((?:could not execute query: ERROR: |COPY failed for table ).*)/;

/** Matches the line that pg_restore writes for each entry with several sessions. */
const ENTRY = /^pg_restore: (?:processing item|finished item) /;

/** Matches the second half of such a line, if an error stands between its halves. */
const REST_OF_ENTRY = /^ (?:launching|processing|finished) item \d+ /;

/** Matches the line before the first error of an entry: its kind, name and owner. */
const ENTRY_OF_ERROR = /^pg_restore: from TOC entry \d+; \d+ \d+ (.*)$/;

/** Milliseconds in which the rest of an error follows. */
const REST_OF_ERROR_MS = 100;

/** Runs pg_restore on a dump. Uses the file if there is one, so that several sessions can read it. */
export async function runPgRestore({
  pgRestore,
  args,
  dump,
  env,
  signal,
  onEntry,
  passOver = () => false,
  stopAtError = false,
  descriptors,
  decode = (bytes) => bytes.toString(),
}: PgRestoreRequest): Promise<{ readonly end: ProgramEnd; readonly errors: readonly string[] }> {
  const stop = new AbortController();
  const onError = (): void => {
    if (!stopAtError) return;
    setTimeout(() => {
      messages.endError();
      if (messages.errors.length > 0) stop.abort(new BackupError('ABORTED', 'pg_restore reported an error'));
    }, REST_OF_ERROR_MS);
  };
  const messages = new Messages({
    isEntry: dump.path === undefined ? isEntry : (line) => ENTRY.test(line),
    onEntry,
    passOver,
    onError,
    isOneSession: dump.path === undefined || args.includes('--jobs=1'),
    decode,
  });
  const onStderr = (chunk: Buffer): void => {
    messages.add(chunk);
  };
  const options = { env, signal: AbortSignal.any([signal, stop.signal]), descriptors, onStderr };
  let end: ProgramEnd;
  try {
    end =
      dump.path === undefined
        ? await programFed(pgRestore, args, dump.open(undefined, { reuseBuffer: true }), options)
        : await new Program(pgRestore, [...args, dump.path], { ...options, stdout: 'ignore' }).end();
  } catch (error) {
    if (!stop.signal.aborted || signal.aborted) throw error;
    end = { code: undefined, endedBy: 'SIGTERM', stderr: '' };
  }
  messages.finish();
  return { end, errors: messages.errors };
}

/**
 * Returns whether pg_restore reached its end. With skipped errors it exits with 1; another code or a signal
 * means that it was interrupted.
 */
export function endedWell({ code }: ProgramEnd, passedOver: boolean): boolean {
  return code === 0 || (code === 1 && passedOver);
}

interface MessagesOptions {
  readonly isEntry: (line: string) => boolean;
  readonly onEntry: (() => void) | undefined;
  readonly passOver: (error: string) => boolean;
  readonly onError: () => void;
  /** Whether an error without an entry belongs to the previous entry: pg_restore names each once. */
  readonly isOneSession: boolean;
  readonly decode: DecodeText;
}

/** Reads the output of pg_restore line by line. Keeps its errors, and reports its entries. */
class Messages {
  readonly errors: string[] = [];
  private readonly options: MessagesOptions;
  private rest: Buffer = Buffer.alloc(0);
  /** The error whose lines are being read. */
  private current: string | undefined;
  /** The entry of the previous line. */
  private entry: string | undefined;

  constructor(options: MessagesOptions) {
    this.options = options;
  }

  add(bytes: Buffer): void {
    const all = Buffer.concat([this.rest, bytes]);
    const end = all.lastIndexOf('\n') + 1;
    this.rest = all.subarray(end);
    if (end > 0)
      for (const line of this.options.decode(all.subarray(0, end - 1)).split('\n')) this.take(line);
  }

  finish(): void {
    if (this.rest.length > 0) this.take(this.options.decode(this.rest));
    this.rest = Buffer.alloc(0);
    this.endError();
  }

  /** Keeps the error whose lines were read, unless it is skipped. */
  endError(): void {
    const error = this.current;
    this.current = undefined;
    if (error !== undefined && !this.options.passOver(error) && this.errors.length < KEPT_ERRORS)
      this.errors.push(error);
  }

  private take(line: string): void {
    const whole = /^pg_restore: error: (.*)/.exec(line)?.[1];
    const error = whole?.startsWith('pg_restore:') === false ? whole : (TORN.exec(line)?.[1] ?? whole);
    // Lines of other workers can come between an entry and its error.
    this.entry = ENTRY_OF_ERROR.exec(line)?.[1] ?? this.entry;
    if (error?.startsWith('pg_restore: ') === true) {
      this.take(error); // another worker's message; that of the error has its own line
    } else if (error !== undefined) {
      this.endError();
      const entry = this.entry;
      if (!this.options.isOneSession) this.entry = undefined;
      const isNamed = entry === undefined || error.startsWith('COPY failed for table ');
      this.current = isNamed ? error : `${error}\n${ENTRY_LABEL}${entry}`;
      this.options.onError();
    } else if (line.startsWith('pg_restore: ')) {
      this.endError();
      if (this.options.isOneSession && !ENTRY_OF_ERROR.test(line)) this.entry = undefined;
      if (this.options.isEntry(line)) this.options.onEntry?.();
    } else if (this.current !== undefined && !REST_OF_ENTRY.test(line)) {
      this.current += `\n${line}`;
    }
  }
}
