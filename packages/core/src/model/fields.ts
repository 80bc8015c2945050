import { BackupError } from '../base/errors.ts';
import { jsonBoundsProblem } from './json-bounds.ts';
import { parseTimestamp, type RunTimestamp } from './timestamp.ts';

/** Maximum length of a name in characters. PostgreSQL names have at most 63 bytes by default. */
const LONGEST_NAME = 1024;

/** Maximum length of a reason or warning in characters. */
const LONGEST_TEXT = 1024 * 1024;

/** A time as this program writes it: ISO 8601, UTC, with a four-digit year. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/**
 * Parses a JSON object that has a `schemaVersion`.
 * @param place name of the text in errors
 * @param newest newest supported version
 * @throws BackupError MANIFEST_TOO_NEW if its version is newer
 * @throws BackupError MANIFEST_INVALID if it is damaged
 */
export function parseFields(text: string, place: string, newest: number): Fields {
  const problem = jsonBoundsProblem(text);
  if (problem !== undefined) throw new BackupError('MANIFEST_INVALID', `${place} ${problem}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BackupError('MANIFEST_INVALID', `${place} is not valid JSON`, { cause });
  }
  const root = new Fields(json, place);
  const version = root.count('schemaVersion');
  if (version > newest) {
    throw new BackupError(
      'MANIFEST_TOO_NEW',
      `${place} has schemaVersion ${version}, this version reads up to ${newest}`,
      { hint: 'Use the version that wrote it, or a newer one' },
    );
  }
  if (version < 1) throw root.wrong('schemaVersion', 'a number of at least 1');
  return root;
}

/** Fields of one JSON object, read with type checks. */
export class Fields {
  private readonly record: Readonly<Record<string, unknown>>;
  private readonly place: string;

  constructor(json: unknown, place: string) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new BackupError('MANIFEST_INVALID', `${place} is not a JSON object`);
    }
    this.record = json as Record<string, unknown>;
    this.place = place;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.record, name) && this.record[name] !== null;
  }

  value(name: string): unknown {
    return Object.hasOwn(this.record, name) ? this.record[name] : undefined;
  }

  text(name: string, longest = LONGEST_TEXT): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    if (value.length > longest) throw this.wrong(name, `a text of at most ${longest} characters`);
    return value;
  }

  /** Returns the field as a name, such as that of a table or a version. */
  name(name: string): string {
    return this.text(name, LONGEST_NAME);
  }

  timestamp(name: string): RunTimestamp {
    const timestamp = parseTimestamp(this.text(name));
    if (timestamp === undefined) throw this.wrong(name, 'YYYYMMDD_HHMMSS');
    return timestamp;
  }

  date(name: string): string {
    const text = this.text(name);
    if (!MOMENT.test(text) || Number.isNaN(Date.parse(text))) throw this.wrong(name, 'a date');
    return text;
  }

  count(name: string): number {
    const value = this.value(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.wrong(name, 'a whole number');
    return value;
  }

  flag(name: string): boolean {
    const value = this.value(name);
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false');
    return value;
  }

  words(name: string): string[] {
    const value = this.value(name);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      throw this.wrong(name, 'a list of texts');
    return value;
  }

  list<T>(name: string, read: (fields: Fields) => T): T[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw this.wrong(name, 'a list');
    return value.map((item, index) => read(new Fields(item, `${this.place}, ${name}[${index}]`)));
  }

  fields(name: string): Fields {
    return new Fields(this.value(name), `${this.place}, ${name}`);
  }

  wrong(name: string, expected: string): BackupError {
    return new BackupError('MANIFEST_INVALID', `${this.place}: ${name} is missing or not ${expected}`);
  }
}
