import pino from 'pino';
import type { BackupError } from '@geolens/backup-core';
import { describeError } from './hints.ts';
import type { Redact } from './redact.ts';

type LogFormat = 'text' | 'json';
type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields of an event; stable names, plain values. */
type Fields = Readonly<Record<string, unknown>>;

/** A log of events: a stable name for machines, a sentence for people. */
export interface Logger {
  debug(event: string, message: string, fields?: Fields): void;
  info(event: string, message: string, fields?: Fields): void;
  warn(event: string, message: string, fields?: Fields): void;
  error(event: string, message: string, fields?: Fields): void;
}

export interface LoggerOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** Goes over sentences and values; names of events and fields stay as they are. */
  readonly redact?: Redact;
  /** Gets one line at a time, with its line feed. */
  readonly write: (line: string) => void;
  /** Gets every line as text, whatever the format is. */
  readonly tail?: { add(line: string): void } | undefined;
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly msg: string;
}

/** `json`: one object a line, as pino writes it. `text`: time, level and sentence. */
export function createLogger({ format, level, write, tail, redact = (text) => text }: LoggerOptions): Logger {
  const stream = {
    write: (line: string) => {
      const text = format === 'text' || tail !== undefined ? asText(JSON.parse(line) as Line) : '';
      tail?.add(text);
      write(format === 'json' ? line : text);
    },
  };
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString().slice(0, 19)}Z"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger = pino(options, stream);
  const at =
    (label: LogLevel) =>
    (event: string, message: string, fields: Fields = {}) => {
      logger[label]({ event, ...redacted(fields, redact) }, redact(message));
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function redacted(fields: Fields, redact: Redact): Fields {
  const one = (value: unknown): unknown =>
    typeof value === 'string' ? redact(value) : Array.isArray(value) ? value.map(one) : value;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, one(value)]));
}

/** Further lines of a message are indented, so that whatever begins a line is a time. */
function asText({ time, level, msg }: Line): string {
  return `${time} ${level.toUpperCase().padEnd(5)} ${msg.replaceAll('\n', '\n    ')}\n`;
}

const MOST_LINES = 200;

/** The last lines that were logged, as text, for whoever is told of a run. */
export class LogTail {
  private readonly lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }

  /** Forgets what was logged before: it is of another run. */
  clear(): void {
    this.lines.length = 0;
  }

  text(): string {
    return this.lines.join('');
  }
}

/** What was left over and is gone now; nothing when there was nothing. */
export function logCleanedUp(log: Logger, cleanedUp: readonly string[]): void {
  if (cleanedUp.length > 0)
    log.info('run.swept', `removed what work that died had left: ${cleanedUp.join(', ')}`, { cleanedUp });
}

/** Logs an error, once, with its code; its causes too at level debug. */
export function logError(log: Logger, event: string, error: BackupError): void {
  log.error(event, describeError(error), { code: error.code });
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    log.debug('error.cause', `caused by: ${cause.stack ?? cause.message}`);
}
