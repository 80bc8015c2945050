import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';

/*
 * Everything that this store makes under a temporary name can be told from anybody else's files by the name
 * alone, and so can be cleaned up when its process has died.
 */
export const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const PARTIAL = new RegExp(`^\\.geolens-backup-${UUID}\\.partial$`);
const BESIDE = new RegExp(`^\\.${UUID}\\.partial$`);
const INTENT = new RegExp(`^\\.geolens-backup-${UUID}\\.publishing$`);

/** A name for a file that is not whole yet. */
export function partialName(): string {
  return `.geolens-backup-${randomUUID()}.partial`;
}

/** A name for the note that says which names are being published. */
export function intentName(): string {
  return `.geolens-backup-${randomUUID()}.publishing`;
}

/**
 * A path beside the file's own for what will replace it. None that isPartialName knows: a clean-up leaves it
 * alone.
 */
export function partialBeside(path: string): string {
  return `${path}.${randomUUID()}.partial`;
}

/** Whether a name is that of a path which partialBeside gave for the file. */
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
