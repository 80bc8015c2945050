import { createHash } from 'node:crypto';
import { formatTimestamp, type KeepCounts } from '@geolens/backup-core';
import { placeOf, type Copy, type SetKind, type StoreName } from './copies.ts';

/** What was remembered of a set when it was made. */
export interface Facts {
  readonly rows: number;
  readonly bytes: { readonly dump: number; readonly staging: number };
  readonly sha256: Readonly<Record<Exclude<SetKind, 'manifest'>, string>>;
  /** The newest set that somebody had accepted when it was made. */
  readonly acceptedSince: string | undefined;
}

/** What is true of an installation, as far as is known without asking it. */
export class Model {
  readonly counts: KeepCounts = { daily: 2, weekly: 1 };
  /** Copies by place, with what is in them. */
  copies = new Map<string, Copy>();
  /** Copies in the bucket with an object that has another ETag than was recorded. */
  replaced: ReadonlySet<string> = new Set();
  /** By timestamp; of sets that are gone too. */
  readonly facts = new Map<string, Facts>();
  /** Files of another process by path. */
  readonly foreign = new Map<string, string>();
  /** Timestamps of manifests that somebody has changed by hand. */
  readonly withoutManifestChecksum = new Set<string>();
  rows = 1000;
  /** A Saturday. */
  now = Date.UTC(2026, 10, 21, 2);
  /** How many commands were done. */
  steps = 0;
  readonly #damage = new Set<string>();

  /** Bytes that an artifact has since somebody has damaged it. */
  damaged(store: StoreName, name: string, sha256: string): void {
    this.#damage.add(`${store} ${name} ${sha256}`);
  }

  wasDamaged(store: StoreName, name: string, sha256: string): boolean {
    return this.#damage.has(`${store} ${name} ${sha256}`);
  }

  /** The present second, or the next one that no set of the volume has. */
  nextTimestamp(): string {
    const taken = new Set(
      [...this.copies.keys()]
        .map(placeOf)
        .filter(({ store }) => store === 'local')
        .map(({ timestamp }) => timestamp),
    );
    let moment = this.now;
    while (taken.has(formatTimestamp(new Date(moment)))) moment += 1000;
    return formatTimestamp(new Date(moment));
  }
}

export function sha256Of(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
