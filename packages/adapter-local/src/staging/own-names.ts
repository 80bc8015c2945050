import { randomUUID } from 'node:crypto';

/*
 * What a restore puts into the staging folder. Whatever starts with the prefix, at the top of the folder, is no content of it:
 * it is not archived, not moved, and no archive may hold it.
 */
export const OWN_PREFIX = '.geolens-backup-';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ASIDE = new RegExp(`^\\.geolens-backup-restoring-(${UUID})$`);
const NOTE = new RegExp(`^\\.geolens-backup-restoring-(${UUID})\\.(out|in)$`);
const DROPPED = new RegExp(`^\\.geolens-backup-dropping-${UUID}$`);
const PREVIOUS = /^\.geolens-backup-before-\d{8}_\d{6}$/;

/** What a swap is doing: it moves the old content out, or the new content in. */
export type SwapPhase = 'out' | 'in';

export function newId(): string {
  return randomUUID();
}

/** The folder that new content is unpacked into. */
export function asideName(id: string): string {
  return `${OWN_PREFIX}restoring-${id}`;
}

/** The note that a swap is under way. */
export function noteName(id: string, phase: SwapPhase): string {
  return `${asideName(id)}.${phase}`;
}

/** The folder of the old content; the stamp is `YYYYMMDD_HHMMSS`. */
export function previousName(stamp: string): string {
  return `${OWN_PREFIX}before-${stamp}`;
}

/** What an old content is called while it is being removed: it cannot be taken for a whole one. */
export function droppedName(): string {
  return `${OWN_PREFIX}dropping-${newId()}`;
}

/** The id of an unpacking that the name is the folder of. */
export function asideId(name: string): string | undefined {
  return ASIDE.exec(name)?.[1];
}

export function parseNoteName(name: string): { readonly id: string; readonly phase: SwapPhase } | undefined {
  const [, id, phase] = NOTE.exec(name) ?? [];
  return id === undefined ? undefined : { id, phase: phase as SwapPhase };
}

export function isPreviousName(name: string): boolean {
  return PREVIOUS.test(name);
}

export function isDroppedName(name: string): boolean {
  return DROPPED.test(name);
}
