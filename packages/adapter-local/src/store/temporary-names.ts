import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';

/* The name alone identifies each temporary file of this store, so a clean-up can remove orphaned ones. */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const PARTIAL = new RegExp(`^\\.geolens-backup-${UUID}\\.partial$`);
const BESIDE = new RegExp(`^\\.${UUID}\\.partial$`);
const INTENT = new RegExp(`^\\.geolens-backup-${UUID}\\.publishing$`);

/** Returns a name for an incomplete file. */
export function partialName(): string {
  return `.geolens-backup-${randomUUID()}.partial`;
}

/** Returns a name for the intent file, which lists the names to be published. */
export function intentName(): string {
  return `.geolens-backup-${randomUUID()}.publishing`;
}

/** Returns a path beside a file for its replacement. isPartialName rejects it, so a clean-up skips it. */
export function partialBeside(path: string): string {
  return `${path}.${randomUUID()}.partial`;
}

/** Returns whether partialBeside made the name for the file. */
export function isPartialBeside(path: string, name: string): boolean {
  const own = basename(path);
  return name.startsWith(own) && BESIDE.test(name.slice(own.length));
}

export function isPartialName(name: string): boolean {
  return PARTIAL.test(name);
}

export function isIntentName(name: string): boolean {
  return INTENT.test(name);
}
