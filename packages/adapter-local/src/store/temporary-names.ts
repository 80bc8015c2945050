import { randomUUID } from 'node:crypto';

/*
 * Everything that this store makes under a temporary name can be told from anybody else's files by the name alone,
 * and so can be swept when its process has died.
 */
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const PARTIAL = new RegExp(`^\\.geolens-backup-${UUID}\\.partial$`);
const INTENT = new RegExp(`^\\.geolens-backup-${UUID}\\.publishing$`);

/** A name for a file that is not whole yet. */
export function partialName(): string {
  return `.geolens-backup-${randomUUID()}.partial`;
}

/** A name for the note that says which names are being published. */
export function intentName(): string {
  return `.geolens-backup-${randomUUID()}.publishing`;
}

export function isPartialName(name: string): boolean {
  return PARTIAL.test(name);
}

export function isIntentName(name: string): boolean {
  return INTENT.test(name);
}
