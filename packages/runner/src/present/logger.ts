import pino from 'pino';
import type { BackupError } from '@geolens/backup-core';
import { describeError } from './hints.ts';
import type { Redact } from './redact.ts';

type LogFormat = 'text' | 'json';
type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields of an event: stable names, plain values. */
type Fields = Readonly<Record<string, unknown>>;

/** Log of events: a stable name for machines, a sentence for people. */
export interface Logger {
  debug(event: string, message: string, fields?: Fields): void;
  info(event: string, message: string, fields?: Fields): void;
  warn(event: string, message: string, fields?: Fields): void;
  error(event: string, message: string, fields?: Fields): void;
}

export interface LoggerOptions {
  readonly format: LogFormat;
  readonly level: LogLevel;
  /** Applies to messages and values. Names of events and fields stay unchanged. */
  readonly redact?: Redact;
  /** Receives one line at a time, with its line feed. */
  readonly write: (line: string) => void;
  /** Receives every line as text, in both formats. */
  readonly tail?: { add(line: string): void } | undefined;
}

interface Line {
  readonly time: string;
  readonly level: string;
  readonly event: string;
  readonly msg: string;
}

/** Returns a logger. `json` writes one pino object per line, `text` writes time, level and message. */
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

/** Returns a line as text. Indents further lines of a message, so that only times start a line. */
function asText({ time, level, msg }: Line): string {
  return `${time} ${level.toUpperCase().padEnd(5)} ${msg.replaceAll('\n', '\n    ')}\n`;
}

const MOST_LINES = 200;

/** Last lines of the log as text, for notifications. */
export class LogTail {
  private readonly lines: string[] = [];

  add(line: string): void {
    this.lines.push(line);
    if (this.lines.length > MOST_LINES) this.lines.shift();
  }

  /** Removes the lines of the previous run. */
  clear(): void {
    this.lines.length = 0;
  }

  text(): string {
    return this.lines.join('');
  }
}

/** Logs what was cleaned up. Logs nothing if there was nothing. */
export function logCleanedUp(log: Logger, cleanedUp: readonly string[]): void {
  if (cleanedUp.length > 0)
    log.info('run.swept', `removed what work that died had left: ${cleanedUp.join(', ')}`, { cleanedUp });
}

/** Logs an error once, with its code. Logs its causes at level debug. */
export function logError(log: Logger, event: string, error: BackupError): void {
  log.error(event, describeError(error), { code: error.code });
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    log.debug('error.cause', `caused by: ${cause.stack ?? cause.message}`);
}
