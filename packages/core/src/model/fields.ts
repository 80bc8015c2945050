import { BackupError } from '../base/errors.ts';
import { parseTimestamp, type RunTimestamp } from './timestamp.ts';

/**
 * Reads a JSON object that has a `schemaVersion`.
 * @param place what errors call it
 * @param newest the newest version that is understood
 * @throws BackupError MANIFEST_TOO_NEW if its version is newer; MANIFEST_INVALID if it is damaged
 */
export function parseFields(text: string, place: string, newest: number): Fields {
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

/** The fields of one JSON object, read with their types checked. */
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

  text(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw this.wrong(name, 'a text');
    return value;
  }

  timestamp(name: string): RunTimestamp {
    const timestamp = parseTimestamp(this.text(name));
    if (timestamp === undefined) throw this.wrong(name, 'YYYYMMDD_HHMMSS');
    return timestamp;
  }

  date(name: string): string {
    const text = this.text(name);
    if (Number.isNaN(Date.parse(text))) throw this.wrong(name, 'a date');
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

  list(name: string): Fields[] {
    const value = this.value(name);
    if (!Array.isArray(value)) throw this.wrong(name, 'a list');
    return value.map((item, index) => new Fields(item, `${this.place}, ${name}[${index}]`));
  }

  fields(name: string): Fields {
    return new Fields(this.value(name), `${this.place}, ${name}`);
  }

  wrong(name: string, expected: string): BackupError {
    return new BackupError('MANIFEST_INVALID', `${this.place}: ${name} is missing or not ${expected}`);
  }
}
