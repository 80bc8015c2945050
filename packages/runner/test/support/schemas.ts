import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

const FOLDER = new URL('../../../../docs/schemas/', import.meta.url);
const BASE = 'https://github.com/geolens-io/geolens-backup/blob/main/docs/schemas/';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
/** Forbids the properties that a schema does not describe: programs may ignore them, the page must not. */
const closed = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'properties' in value && !Array.isArray(value)
    ? { additionalProperties: false, ...value }
    : value;
for (const file of readdirSync(FOLDER))
  ajv.addSchema(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'), closed) as AnySchema);

/** Expects that the text is one JSON value as docs/schemas describes it. Returns the value. */
export function expectOutput(schema: string, text: string): unknown {
  const value: unknown = JSON.parse(text);
  const validate = ajv.getSchema(`${BASE}${schema}.json`);
  if (validate === undefined) throw new Error(`there is no schema ${schema}`);
  expect({ valid: validate(value), errors: validate.errors ?? [] }).toEqual({ valid: true, errors: [] });
  return value;
}
