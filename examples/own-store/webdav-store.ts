import { createHash, randomUUID } from 'node:crypto';
import {
  abortedBy,
  BackupError,
  isBackupError,
  parseKey,
  splitKey,
  type ArtifactKey,
  type ArtifactSource,
  type ArtifactStore,
  type ByteRange,
  type StoredArtifact,
  type StoreOptions,
  type Tier,
} from '@geolens/backup-core';

const PARTIAL = '.partial-';

/** Sets in a folder of a WebDAV server that has the folders `daily` and `weekly`. */
export class WebdavStore implements ArtifactStore {
  readonly name = 'webdav';
  private readonly base: string;

  /** @param base the URL of the folder, without a slash at its end */
  constructor(base: string) {
    this.base = base;
  }

  async *list(tier: Tier, { signal }: StoreOptions = {}): AsyncGenerator<StoredArtifact> {
    for (const { name, bytes, tag } of await this.namesIn(tier, signal)) {
      const key = parseKey(`${tier}/${name}`);
      if (key !== undefined && !name.startsWith(PARTIAL)) yield { key, bytes, tag };
    }
  }

  async *read(
    key: ArtifactKey,
    range?: ByteRange,
    { signal }: StoreOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const headers: Record<string, string> =
      range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` };
    const { body } = await this.request('GET', this.urlOf(key), { headers }, signal);
    if (body !== null) yield* body;
  }

  /** Under a name that no listing shows, read back, and only then under its own. */
  async put(key: ArtifactKey, source: ArtifactSource, { signal }: StoreOptions = {}): Promise<void> {
    await this.aside(key, signal, async (partial) => {
      const body = ReadableStream.from(source.open());
      await this.request('PUT', this.urlOf(partial), { body, duplex: 'half' }, signal);
      const [hash, received] = [createHash('sha256'), { bytes: 0 }];
      for await (const chunk of this.read(partial, undefined, { signal })) {
        hash.update(chunk);
        received.bytes += chunk.length;
      }
      if (received.bytes !== source.bytes || hash.digest('hex') !== source.sha256)
        throw new BackupError('ARTIFACT_MISMATCH', `webdav: ${key} did not arrive as it was announced`);
    });
  }

  async copy(from: ArtifactKey, to: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    await this.aside(to, signal, async (partial) => {
      await this.request('COPY', this.urlOf(from), { headers: { Destination: this.urlOf(partial) } }, signal);
    });
  }

  async remove(key: ArtifactKey, { signal }: StoreOptions = {}): Promise<void> {
    await this.request('DELETE', this.urlOf(key), {}, signal).catch((error: unknown) => {
      if (!isBackupError(error, 'ARTIFACT_NOT_FOUND')) throw error;
    });
  }

  async sweep({ signal }: StoreOptions = {}): Promise<readonly string[]> {
    const swept: ArtifactKey[] = [];
    for (const tier of ['daily', 'weekly'] as const) {
      for (const { name } of await this.namesIn(tier, signal))
        if (name.startsWith(PARTIAL)) swept.push(`${tier}/${name}`);
    }
    for (const key of swept) await this.remove(key, { signal });
    return swept;
  }

  private async aside(
    key: ArtifactKey,
    signal: AbortSignal | undefined,
    make: (partial: ArtifactKey) => Promise<void>,
  ): Promise<void> {
    const [target, partial]: [string, ArtifactKey] = [
      this.urlOf(key),
      `${splitKey(key).tier}/${PARTIAL}${randomUUID()}`,
    ];
    try {
      await make(partial);
      await this.request(
        'MOVE',
        this.urlOf(partial),
        { headers: { Destination: target, Overwrite: 'T' } },
        signal,
      );
    } catch (error) {
      await this.remove(partial).catch(() => undefined); // what stays, `sweep` finds
      throw error;
    }
  }

  private async namesIn(
    tier: Tier,
    signal: AbortSignal | undefined,
  ): Promise<readonly { name: string; bytes: number; tag: string | undefined }[]> {
    const answer = await this.request(
      'PROPFIND',
      `${this.base}/${tier}/`,
      { headers: { Depth: '1' } },
      signal,
    );
    const files = (await answer.text())
      .split('<D:response>')
      .filter((text) => text.includes('<D:getcontentlength>'));
    const value = (text: string, tag: string): string | undefined =>
      new RegExp(`<D:${tag}>([^<]*)`).exec(text)?.[1];
    return files.flatMap((text) => {
      const name = value(text, 'href')?.replace(/.*\//, '');
      const [bytes, tag] = [Number(value(text, 'getcontentlength')), value(text, 'getetag')];
      return name === undefined ? [] : [{ name: decodeURIComponent(name), bytes, tag }];
    });
  }

  private urlOf(key: ArtifactKey): string {
    if (parseKey(key) === undefined) throw new BackupError('STORE_FAILED', `webdav: "${key}" is no key`);
    return `${this.base}/${splitKey(key).tier}/${encodeURIComponent(splitKey(key).fileName)}`;
  }

  private async request(
    method: string,
    url: string,
    init: RequestInit & { readonly duplex?: 'half' },
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const answer = await fetch(url, { ...init, method, ...(signal !== undefined && { signal }) }).catch(
      (cause: unknown) => {
        throw signal?.aborted === true
          ? abortedBy(signal)
          : new BackupError('STORE_UNAVAILABLE', `webdav: ${method} ${url} failed`, {
              cause,
              mend: 'Look whether the server is there',
            });
      },
    );
    if (answer.ok) return answer;
    await answer.body?.cancel();
    throw new BackupError(
      answer.status === 404 ? 'ARTIFACT_NOT_FOUND' : 'STORE_FAILED',
      `webdav: ${method} ${url} is answered with ${answer.status}`,
    );
  }
}
