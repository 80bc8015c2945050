import { lstat as lstatOf } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import fsExtra from 'fs-extra';
import {
  abortedBy,
  artifactKey,
  BackupError,
  parseKey,
  throwIfAborted,
  TIERS,
  type ArtifactKey,
  type ArtifactSource,
  type ByteRange,
  DraftTransaction,
  type PrimaryStore,
  type ReadingOptions,
  type SetTransaction,
  type StoreCapabilities,
  type StoredArtifact,
  type StoreOptions,
  type Tier,
  type TrustPolicy,
} from '@geolens/backup-core';
import { nameOfKey } from '@geolens/backup-core/internal';
import { linkOrCopy } from './link-or-copy.ts';
import { LocalDraft, publishAll, takeBack } from './publication.ts';
import {
  readFile,
  errnoOf,
  storeError,
  type StoreRoot,
  flushFolder,
  writeDurably,
} from '@geolens/backup-system';
import { isIntentName, isPartialName, partialName } from './temporary-names.ts';

const OWNER_ONLY_FOLDER = 0o700;

/** Number of files that a listing inspects at once. */
const STATS_AT_ONCE = 64;

const lstat = promisify(lstatOf); // node:fs/promises takes twice as long, which matters for 40,000 files

/** Error code of `open` if the folder of a temporary file does not exist yet. */
const NO_FOLDER = 'ENOENT';

/** The folder of the sets. */
export interface LocalStoreOptions {
  /** An existing folder. The store creates the folders of the tiers as needed. */
  readonly root: string;
  /** Name of the setting that gives the folder, for messages. */
  readonly label?: string | undefined;
  /** Judges the signatures of manifests. Defaults to none: signatures are ignored. */
  readonly trust?: TrustPolicy | undefined;
}

/**
 * Stores sets in a folder. Files have mode 0600, folders 0700. A copy to the other tier is a hard link if the
 * volume supports them.
 */
export class LocalStore implements PrimaryStore {
  readonly name = 'local';
  readonly capabilities: StoreCapabilities = { localFiles: (key) => this.path(key), serverSideCopy: true };
  readonly trust: TrustPolicy | undefined;
  private readonly root: StoreRoot;

  constructor({ root, label, trust }: LocalStoreOptions) {
    this.trust = trust;
    this.root = { path: root, label };
  }

  async *list(tier: Tier, options: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    const names = await this.doing(`listing ${tier}`, () => this.namesIn(tier));
    for (let start = 0; start < names.length; start += STATS_AT_ONCE) {
      throwIfAborted(options.signal);
      const some = names.slice(start, start + STATS_AT_ONCE);
      const found = await this.doing(`listing ${tier}`, () =>
        Promise.all(some.map((name) => this.inspect(artifactKey(tier, name)))),
      );
      yield* found.filter((artifact) => artifact !== undefined);
    }
  }

  async *read(
    key: ArtifactKey,
    range?: ByteRange,
    options: StoreOptions & ReadingOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const path = this.path(key);
    try {
      for await (const chunk of readFile(path, range, options)) {
        throwIfAborted(options.signal);
        yield chunk;
      }
    } catch (error) {
      throw errnoOf(error) === 'ENOENT'
        ? this.notFound(key, error)
        : storeError(error, `reading ${key}`, this.root);
    }
  }

  async put(key: ArtifactKey, source: ArtifactSource, options: StoreOptions = {}): Promise<void> {
    const draft = await this.draft(key, source.open(), options);
    try {
      if (draft.bytes !== source.bytes || draft.sha256 !== source.sha256) {
        throw new BackupError(
          'ARTIFACT_MISMATCH',
          `${key}: ${source.bytes} bytes with SHA-256 ${source.sha256} were announced, ${draft.bytes} with ${draft.sha256} came`,
        );
      }
      await this.doing(`putting ${key}`, () => this.replace(draft.path, key));
      draft.markPublished();
    } finally {
      await draft.discard();
    }
  }

  async copy(from: ArtifactKey, to: ArtifactKey, options: StoreOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    const source = this.path(from);
    const partial = this.partialBeside(to);
    await this.doing(`copying ${from} to ${to}`, async () => {
      await this.makeFolder(to);
      try {
        await linkOrCopy(source, partial, to, options.signal);
        await this.replace(partial, to);
      } catch (error) {
        throw errnoOf(error) === 'ENOENT' ? this.notFound(from, error) : error;
      } finally {
        await rm(partial, { force: true }); // rename keeps it if both names were one file
      }
    });
  }

  async remove(key: ArtifactKey, options: StoreOptions = {}): Promise<void> {
    throwIfAborted(options.signal);
    await this.doing(`removing ${key}`, () => rm(this.path(key), { force: true }));
  }

  async cleanUp(): Promise<readonly string[]> {
    return this.doing('cleaning up orphaned files', async () => {
      const removed: string[] = [];
      // Files only: this store makes no folders or pipes with such names.
      const inRoot = (await readdir(this.root.path, { withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ name }) => name);
      for (const intent of inRoot.filter(isIntentName))
        removed.push(...(await takeBack(this.root.path, intent)));
      const partials = inRoot.filter(isPartialName);
      for (const tier of TIERS) {
        const files = (await this.entriesOf(tier)).filter((entry) => entry.isFile());
        partials.push(...files.filter(({ name }) => isPartialName(name)).map(({ name }) => join(tier, name)));
      }
      for (const partial of partials) await rm(join(this.root.path, partial), { force: true });
      removed.push(...partials);
      return removed;
    });
  }

  begin(): SetTransaction {
    return new DraftTransaction(this);
  }

  /** Writes an artifact under a temporary name in its final folder. */
  async draft(
    key: ArtifactKey,
    content: AsyncIterable<Uint8Array>,
    options: StoreOptions = {},
  ): Promise<LocalDraft> {
    const partial = this.partialBeside(key);
    try {
      await this.makeFolder(key);
      return new LocalDraft(
        key,
        partial,
        this.path(key),
        await writeDurably(partial, content, options.signal),
      );
    } catch (error) {
      if (options.signal?.aborted === true) throw abortedBy(options.signal);
      throw errnoOf(error) === undefined ? error : storeError(error, `writing ${key}`, this.root);
    }
  }

  /** Publishes drafts in this order, all or none. */
  async publish(drafts: readonly LocalDraft[]): Promise<void> {
    await this.doing('publishing', () => publishAll(this.root.path, drafts));
  }

  private path(key: ArtifactKey): string {
    if (parseKey(key) === undefined) {
      throw new BackupError('STORE_FAILED', `"${key}" is not the key of an artifact`);
    }
    return join(this.root.path, key);
  }

  private partialBeside(key: ArtifactKey): string {
    return join(dirname(this.path(key)), partialName());
  }

  private async makeFolder(key: ArtifactKey): Promise<void> {
    const folder = dirname(this.path(key));
    if (await fsExtra.pathExists(folder)) return;
    try {
      // Not recursive: a missing root is a volume that is not mounted. The container would lose the sets.
      await fsExtra.mkdir(folder, OWNER_ONLY_FOLDER);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    await flushFolder(this.root.path);
  }

  private async replace(path: string, key: ArtifactKey): Promise<void> {
    const target = this.path(key);
    await rename(path, target);
    await flushFolder(dirname(target));
  }

  private async entriesOf(tier: Tier): Promise<readonly { name: string; isFile(): boolean }[]> {
    try {
      return await readdir(join(this.root.path, tier), { withFileTypes: true });
    } catch (error) {
      if (errnoOf(error) !== NO_FOLDER) throw error;
      await readdir(this.root.path); // a tier may be missing, the root may not
      return [];
    }
  }

  private async namesIn(tier: Tier): Promise<readonly string[]> {
    const entries = await this.entriesOf(tier);
    return entries
      .filter((entry) => entry.isFile() && nameOfKey(artifactKey(tier, entry.name)) !== undefined)
      .map(({ name }) => name);
  }

  /** Returns an entry of the listing; `undefined` if the file is gone, or if its name is not text. */
  private async inspect(key: ArtifactKey): Promise<StoredArtifact | undefined> {
    try {
      const { size, ino, mtimeMs, ctimeMs } = await lstat(this.path(key));
      return { key, bytes: size, tag: `${ino}-${size}-${mtimeMs}-${ctimeMs}` };
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENAMETOOLONG') return undefined;
      throw error;
    }
  }

  private notFound(key: ArtifactKey, cause: unknown): BackupError {
    return new BackupError('ARTIFACT_NOT_FOUND', `there is no ${this.path(key)}`, { cause });
  }

  private async doing<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storeError(error, what, this.root);
    }
  }
}
