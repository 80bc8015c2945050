import { randomUUID } from 'node:crypto';

const PREFIX = '.geolens-backup-drill-';
const LOCK = '.lock';
const OURS = /^\.geolens-backup-drill-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.lock)?$/;

/** A name for the folder of a drill. Whoever sees it knows that it is ours. */
export function drillName(): string {
  return PREFIX + randomUUID();
}

/** The file beside a drill’s folder that is locked as long as the drill lives. */
export function lockOf(drill: string): string {
  return drill + LOCK;
}

/** The drill that a name belongs to, as its folder or as its lock; undefined when it is none of ours. */
export function drillOf(name: string): string | undefined {
  const match = OURS.exec(name);
  return match === null ? undefined : name.slice(0, name.length - (match[1]?.length ?? 0));
}
