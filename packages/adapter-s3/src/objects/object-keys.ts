import {
  artifactKey,
  BackupError,
  parseKey,
  type ArtifactKey,
  type ArtifactName,
  type Tier,
} from '@geolens/backup-core';
import { nameOfKey } from '@geolens/backup-core/internal';

/** Translates between the keys of artifacts and those of objects: `<prefix>/<tier>/<file name>`. */
export class ObjectKeys {
  private readonly prefix: string;

  constructor(prefix = '') {
    const trimmed = prefix.replace(/^\/+|\/+$/g, '');
    this.prefix = trimmed === '' ? '' : `${trimmed}/`;
  }

  /** @throws BackupError STORE_FAILED when it is not the key of an artifact, and would leave its place */
  objectKey(key: ArtifactKey): string {
    if (parseKey(key) === undefined)
      throw new BackupError('STORE_FAILED', `"${key}" is not the key of an artifact`);
    return `${this.prefix}${key}`;
  }

  /** What the keys of all objects of a tier begin with. */
  tierPrefix(tier: Tier): string {
    return `${this.prefix}${tier}/`;
  }

  /** The artifact that an object is, with what its name says; undefined when it is not ours. */
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
