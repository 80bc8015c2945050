import { randomUUID } from 'node:crypto';
import { abortedBy, BackupError, isBackupError, parseKey, sha256Of, splitKey } from '@geolens/backup-core';
import type { ArtifactKey, ArtifactSource, ArtifactStore, ByteRange } from '@geolens/backup-core';
import type { StoredArtifact, StoreOptions, Tier } from '@geolens/backup-core';

const PARTIAL = '.partial-';
type Signal = AbortSignal | undefined;
const isPartial = (key: ArtifactKey): boolean => splitKey(key).fileName.startsWith(PARTIAL);

/** Sets below the URL of a folder, without a slash at its end, that has the folders `daily` and `weekly`. */
export class WebdavStore implements ArtifactStore {
  readonly name = 'webdav';
  readonly capabilities = { serverSideCopy: true };
  private readonly base: string;
  constructor(base: string) {
    this.base = base;
  }

  async *list(tier: Tier, { signal }: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    for (const { key, ...file } of await this.filesIn(tier, signal))
      if (!isPartial(key) && parseKey(key) !== undefined) yield { key, ...file };
  }

  async *read(key: ArtifactKey, range?: ByteRange, options: StoreOptions = {}): AsyncGenerator<Uint8Array> {
    const headers = range && { headers: { Range: `bytes=${range.start}-${range.end - 1}` } };
    yield* (await this.request('GET', this.urlOf(key), options.signal, headers)).body ?? [];
  }

  /** Uploads under a name that no listing shows, reads it back, and only then renames it. */
  async put(key: ArtifactKey, source: ArtifactSource, { signal }: StoreOptions = {}): Promise<void> {
    await this.aside(key, signal, async (partial) => {
      const init = { body: ReadableStream.from(source.open()), duplex: 'half' as const };
      await this.request('PUT', this.urlOf(partial), signal, init);
      const [stored] = (await this.filesIn(splitKey(key).tier, signal)).filter(
        (file) => file.key === partial,
      );
      const sha256 = await sha256Of(this.read(partial, undefined, { signal }));
      if (stored?.bytes !== source.bytes || sha256 !== source.sha256)
        throw new BackupError('ARTIFACT_MISMATCH', `webdav: ${key} did not arrive as it was announced`);
    });
  }

  async copy(from: ArtifactKey, to: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    await this.aside(to, signal, async (partial) => {
      await this.request('COPY', this.urlOf(from), signal, { headers: { Destination: this.urlOf(partial) } });
    });
  }

  async remove(key: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    await this.request('DELETE', this.urlOf(key), signal).catch((error: unknown) => {
      if (!isBackupError(error, 'ARTIFACT_NOT_FOUND')) throw error;
    });
  }

  async cleanUp({ signal }: StoreOptions = {}): Promise<readonly string[]> {
    const files = [...(await this.filesIn('daily', signal)), ...(await this.filesIn('weekly', signal))];
    const removed = files.map(({ key }) => key).filter(isPartial);
    for (const key of removed) await this.remove(key, { signal });
    return removed;
  }

  private async aside(key: ArtifactKey, signal: Signal, make: (partial: ArtifactKey) => Promise<void>) {
    const partial: ArtifactKey = `${splitKey(key).tier}/${PARTIAL}${randomUUID()}`;
    try {
      await make(partial);
      await this.request('MOVE', this.urlOf(partial), signal, { headers: { Destination: this.urlOf(key) } });
    } catch (error) {
      await this.remove(partial).catch(() => undefined); // `cleanUp` finds what stays
      throw error;
    }
  }

  private async filesIn(tier: Tier, signal: Signal): Promise<StoredArtifact[]> {
    const page = await this.request('PROPFIND', `${this.base}/${tier}/`, signal, { headers: { Depth: '1' } });
    return (await page.text()).split('<D:response>').flatMap((text) => {
      const value = (tag: string): string | undefined => new RegExp(`<D:${tag}>([^<]*)`).exec(text)?.[1];
      const [name, length] = [value('href')?.replace(/.*\//, ''), value('getcontentlength')];
      if (name === undefined || length === undefined) return [];
      return [{ key: `${tier}/${decodeURIComponent(name)}`, bytes: Number(length), tag: value('getetag') }];
    });
  }

  private urlOf(key: ArtifactKey): string {
    if (parseKey(key) === undefined) throw new BackupError('STORE_FAILED', `webdav: "${key}" is no key`);
    return `${this.base}/${splitKey(key).tier}/${encodeURIComponent(splitKey(key).fileName)}`;
  }

  private async request(method: string, url: string, signal: Signal, init?: RequestInit): Promise<Response> {
    const answer = await fetch(url, { ...init, method, signal: signal ?? null }).catch((cause: unknown) => {
      if (signal?.aborted === true) throw abortedBy(signal);
      throw new BackupError('STORE_UNAVAILABLE', `webdav: ${method} ${url} failed`, { cause });
    });
    if (answer.ok) return answer;
    await answer.body?.cancel();
    const code = answer.status === 404 ? 'ARTIFACT_NOT_FOUND' : 'STORE_FAILED';
    throw new BackupError(code, `webdav: ${method} ${url} is answered with ${answer.status}`);
  }
}
