import pino from 'pino';
import type { Redact } from './redact.ts';

export type LogFormat = 'text' | 'json';
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Fields of an event; stable names, plain values. */
export type Fields = Readonly<Record<string, unknown>>;

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
