import {
  artifactKey,
  BackupError,
  parseKey,
  type ArtifactKey,
  type ArtifactName,
  type Tier,
} from '@geolens/backup-core';
import { nameOfKey } from '@geolens/backup-core/internal';

/** Converts between artifact keys and object keys: `<prefix>/<tier>/<file name>`. */
export class ObjectKeys {
  private readonly prefix: string;

  constructor(prefix = '') {
    const trimmed = prefix.replace(/^\/+|\/+$/g, '');
    this.prefix = trimmed === '' ? '' : `${trimmed}/`;
  }

  /** @throws BackupError STORE_FAILED if it is not an artifact key; such a key could leave the prefix */
  objectKey(key: ArtifactKey): string {
    if (parseKey(key) === undefined)
      throw new BackupError('STORE_FAILED', `"${key}" is not the key of an artifact`);
    return `${this.prefix}${key}`;
  }

  /** Returns the start of all object keys of a tier. */
  tierPrefix(tier: Tier): string {
    return `${this.prefix}${tier}/`;
  }

  /** Returns the artifact of an object key and its parsed name; `undefined` if it is not an artifact. */
  artifactOf(
    tier: Tier,
    objectKey: string,
  ): { readonly key: ArtifactKey; readonly name: ArtifactName } | undefined {
    const start = this.tierPrefix(tier);
    if (!objectKey.startsWith(start)) return undefined;
    const key = parseKey(artifactKey(tier, objectKey.slice(start.length)));
    const name = key === undefined ? undefined : nameOfKey(key);
    return key === undefined || name === undefined ? undefined : { key, name };
  }
}
