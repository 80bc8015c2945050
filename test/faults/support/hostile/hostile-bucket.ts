import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { onTestFinished } from 'vitest';
import { s3Operation, type S3Operation } from '../../../support/s3-operation.ts';

/** An answer of the bucket. A length that is not in the headers is that of the body, if it is a buffer. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | AsyncIterable<Buffer>;
}

/** What the bucket answers to requests of one operation, or to all, instead of the truth. */
export interface Lie {
  readonly operation?: S3Operation;
  readonly tell: (reply: Reply & { readonly body: Buffer }) => Reply;
}

/** The length and the ETag of an object are computed once: some are large, and stand under many keys. */
const etags = new WeakMap<Buffer, string>();

/**
 * An S3 server of one bucket, in memory and in path style, that checks no signature and answers with
 * the lies that it is given. A second server stands for the rest of the network.
 */
export class HostileBucket {
  readonly endpoint: string;
  /** Another server, which no command has a reason to ask. */
  readonly elsewhere: string;
  objects = new Map<string, Buffer>();
  lies: readonly Lie[] = [];
  /** Keys that were written or removed. */
  readonly changed: string[] = [];
  /** Requests that reached the other server. */
  readonly strayed: string[] = [];
  readonly #uploads = new Map<string, Map<number, Buffer>>();

  constructor(endpoint: string, elsewhere: string) {
    this.endpoint = endpoint;
    this.elsewhere = elsewhere;
  }

  static async start(): Promise<HostileBucket> {
    const bucket: HostileBucket = new HostileBucket(
      await listening((request, response) => bucket.#exchange(request, response)),
      await listening((request, response) => {
        bucket.strayed.push(`${request.method!} ${request.url!}`);
        response.end();
        return Promise.resolve();
      }),
    );
    return bucket;
  }

  /** Returns the variables with which the command uses the bucket. */
  get env(): Readonly<Record<string, string>> {
    return {
      BACKUP_S3_ENABLED: 'true',
      S3_ENDPOINT: this.endpoint,
      S3_BUCKET: 'hostile',
      S3_ACCESS_KEY_ID: 'key',
      S3_SECRET_ACCESS_KEY: 'secret',
      S3_TIMEOUT_SECONDS: '1',
    };
  }

  async #exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', search] = request.url!.split('?', 2);
    const query = new URLSearchParams(search);
    const operation = s3Operation(request.method!, path, query, request.headers);
    const key = decodeURIComponent(path.split('/').slice(2).join('/'));
    let reply = this.#truth(operation, key, query, request, await buffer(request));
    for (const { operation: of = operation, tell } of this.lies)
      if (of === operation && Buffer.isBuffer(reply.body)) reply = tell({ ...reply, body: reply.body });
    const { status, headers, body } = reply;
    const length = Buffer.isBuffer(body) ? { 'content-length': String(body.length) } : {};
    response.writeHead(status, { ...length, ...headers });
    if (request.method === 'HEAD') response.end();
    else await pipeline(Buffer.isBuffer(body) ? Readable.from([body]) : Readable.from(body), response);
  }

  #truth(
    operation: S3Operation,
    key: string,
    query: URLSearchParams,
    { headers }: IncomingMessage,
    body: Buffer,
  ): Reply {
    const parts = this.#uploads.get(query.get('uploadId') ?? '');
    switch (operation) {
      case 'ListObjectsV2':
        return this.#listing(query.get('prefix') ?? '');
      case 'ListMultipartUploads':
        return xml(
          '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>',
        );
      case 'PutObject':
        return this.#stored(key, body);
      case 'CopyObject': {
        const source = decodeURIComponent(headers['x-amz-copy-source'] as string).replace(/^\/?[^/]*\//, '');
        const { headers: facts } = this.#stored(key, this.objects.get(source) ?? Buffer.alloc(0));
        return xml(`<CopyObjectResult><ETag>${facts['etag']!}</ETag></CopyObjectResult>`);
      }
      case 'CreateMultipartUpload':
        this.#uploads.set(key, new Map());
        return xml(
          `<InitiateMultipartUploadResult><UploadId>${escaped(key)}</UploadId></InitiateMultipartUploadResult>`,
        );
      case 'UploadPart':
        parts?.set(Number(query.get('partNumber')), body);
        return { status: 200, headers: { etag: etagOf(body) }, body: Buffer.alloc(0) };
      case 'CompleteMultipartUpload': {
        const whole = [...(parts ?? [])].sort(([one], [other]) => one - other).map(([, part]) => part);
        const { headers: facts } = this.#stored(key, Buffer.concat(whole));
        return xml(
          `<CompleteMultipartUploadResult><ETag>${facts['etag']!}</ETag></CompleteMultipartUploadResult>`,
        );
      }
      case 'DeleteObject':
        this.changed.push(key);
        this.objects.delete(key);
        return { status: 204, headers: {}, body: Buffer.alloc(0) };
      case 'HeadBucket':
      case 'AbortMultipartUpload':
        return { status: 200, headers: {}, body: Buffer.alloc(0) };
      case 'GetObject':
      case 'HeadObject':
      case 'ListParts':
      case 'UploadPartCopy':
      case 'Other':
        return this.#read(key, headers.range);
    }
  }

  #listing(prefix: string): Reply {
    const keys = [...this.objects.keys()].filter(
      (key) => key.startsWith(prefix) && !key.slice(prefix.length).includes('/'),
    );
    const contents = keys.sort().map((key) => listed(key, this.objects.get(key)!));
    return xml(
      `<ListBucketResult><Name>hostile</Name><EncodingType>url</EncodingType><KeyCount>${keys.length}</KeyCount><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
    );
  }

  #stored(key: string, body: Buffer): Reply {
    this.changed.push(key);
    this.objects.set(key, body);
    return { status: 200, headers: { etag: etagOf(body) }, body: Buffer.alloc(0) };
  }

  #read(key: string, range: string | undefined): Reply {
    const object = this.objects.get(key);
    if (object === undefined) return xml('<Error><Code>NoSuchKey</Code><Message>none</Message></Error>', 404);
    const headers = { etag: etagOf(object) };
    const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    if (start === undefined) return { status: 200, headers, body: object };
    const part = object.subarray(Number(start), end === '' ? undefined : Number(end) + 1);
    const place = `bytes ${start}-${Number(start) + part.length - 1}/${object.length}`;
    return { status: 206, headers: { ...headers, 'content-range': place }, body: part };
  }
}

/** How a listing shows an object. */
export function listed(key: string, body: Buffer): string {
  return `<Contents><Key>${encodeURIComponent(key)}</Key><Size>${body.length}</Size><ETag>${escaped(etagOf(body))}</ETag></Contents>`;
}

export function xml(text: string, status = 200): Reply {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

function etagOf(body: Buffer): string {
  const etag = etags.get(body) ?? `"${createHash('md5').update(body).digest('hex')}"`;
  etags.set(body, etag);
  return etag;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Starts a server of loopback for the test that runs. Returns its address. */
async function listening(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<string> {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
