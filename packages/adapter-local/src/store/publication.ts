import { lstat, readFile as readText, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  BackupError,
  parseKey,
  type ArtifactKey,
  type ByteRange,
  type Draft,
  type ReadingOptions,
} from '@geolens/backup-core';
import { nameOfKey } from '@geolens/backup-core/internal';
import {
  errnoOf,
  flushFolder,
  readFile,
  textContent,
  writeDurably,
  type Written,
} from '@geolens/backup-system';
import { intentName } from './temporary-names.ts';

/** Of a file, in bytes. */
const LONGEST_NAME = 255;

/** An artifact under a temporary name beside the one that it will get. */
export class LocalDraft implements Draft {
  readonly key: ArtifactKey;
  readonly bytes: number;
  readonly sha256: string;
  /** Where it lies until it is published. */
  readonly path: string;
  /** Where it lies from then on. */
  private readonly target: string;
  private published = false;

  constructor(key: ArtifactKey, path: string, target: string, written: Written) {
    this.key = key;
    this.path = path;
    this.target = target;
    this.bytes = written.bytes;
    this.sha256 = written.sha256;
  }

  /** It may get its name at any moment, also between this call and the first chunk. */
  async *open(range?: ByteRange, options?: ReadingOptions): AsyncGenerator<Uint8Array> {
    try {
      yield* readFile(this.path, range, options);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error; // which opening alone fails with
      yield* readFile(this.target, range, options);
    }
  }

  /** Told by the store that the temporary name is gone. */
  markPublished(): void {
    this.published = true;
  }

  async discard(): Promise<void> {
    if (!this.published) await rm(this.path, { force: true });
  }
}

/**
 * Gives drafts their names, all or none. A note in the root folder, the intent, lists the names while that
 * goes on: when the process dies in between, takeBack finds it and removes what was published by halves.
 */
export async function publishAll(root: string, drafts: readonly LocalDraft[]): Promise<void> {
  for (const { key } of drafts) {
    if (await exists(join(root, key)))
      throw new BackupError('ARTIFACT_EXISTS', `${join(root, key)} is there already`);
  }
  const intent = join(root, intentName());
  await writeDurably(intent, textContent(JSON.stringify(drafts.map(({ key }) => key))));
  await flushFolder(root);
  const done: LocalDraft[] = [];
  try {
    for (const draft of drafts) {
      await rename(draft.path, join(root, draft.key));
      done.push(draft);
    }
    for (const folder of new Set(drafts.map(({ key }) => dirname(join(root, key)))))
      await flushFolder(folder);
  } catch (error) {
    const left = await takeAway(
      root,
      done.map(({ key }) => key),
    );
    const [first] = left;
    if (first === undefined) await rm(intent, { force: true }).catch(() => undefined);
    // What is left by halves the next clean-up takes back, by the note.
    if (first === undefined || left.length < drafts.length) throw error;
    throw new BackupError(
      'NOT_CONFIRMED',
      `the files of ${basename(first)} and its companions have their names, but the disk did not confirm that it keeps them: ${(error as Error).message}`,
      { cause: error, hint: 'Look at the disk; the next run tries again' },
    );
  } finally {
    for (const draft of done) draft.markPublished();
  }
  await rm(intent, { force: true }).catch(() => undefined); // the set stands; the next clean-up finds that, and the note
}

/**
 * Removes what was named, the last first, up to the first that the disk does not give away. Answers what is
 * left.
 */
async function takeAway(root: string, named: readonly ArtifactKey[]): Promise<readonly ArtifactKey[]> {
  const left = [...named];
  try {
    for (const key of named.toReversed()) {
      await rm(join(root, key), { force: true });
      left.pop();
    }
  } catch {
    // What it was published for has failed already, and is told.
  }
  return left;
}

/**
 * Ends a publication whose process died: when the last name was given, it stands, otherwise it is taken back.
 * Answers what was removed.
 */
export async function takeBack(root: string, intent: string): Promise<readonly string[]> {
  const keys = await keysOf(join(root, intent));
  const last = keys.at(-1);
  const halved: ArtifactKey[] = [];
  if (last !== undefined && !(await exists(join(root, last)))) {
    for (const key of keys) if (await exists(join(root, key))) halved.unshift(key);
  }
  for (const key of halved) await rm(join(root, key), { force: true });
  await rm(join(root, intent), { force: true });
  return halved;
}

/**
 * The keys of an intent; none when it was not written to its end, for then nothing had been published yet.
 */
async function keysOf(path: string): Promise<readonly ArtifactKey[]> {
  try {
    const keys: unknown = JSON.parse(await readText(path, 'utf8'));
    return Array.isArray(keys) ? keys.flatMap(artifactIn) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** A key that can be one of ours: nothing else is removed, whatever the note says. */
function artifactIn(key: unknown): readonly ArtifactKey[] {
  const parsed = typeof key === 'string' ? parseKey(key) : undefined;
  return parsed === undefined ||
    nameOfKey(parsed) === undefined ||
    parsed.includes('\0') ||
    Buffer.byteLength(basename(parsed)) > LONGEST_NAME
    ? []
    : [parsed];
}

/**
 * Whether the name is taken. A disk that cannot tell is an error: taken for "no", it would cost the set that
 * lies there.
 */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path); // a link that leads nowhere is somebody's too
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}
