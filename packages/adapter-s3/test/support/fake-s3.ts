import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { mockClient, type AwsClientStub } from 'aws-sdk-client-mock';

interface FakeObject {
  readonly content: Buffer;
  readonly etag: string;
}

const PAGE = 3;

/** A bucket in memory behind a client that never opens a socket. Listings have pages of three. */
export class FakeS3 {
  readonly client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
  });
  readonly stub: AwsClientStub<S3Client> = mockClient(this.client);
  readonly objects = new Map<string, FakeObject>();
  readonly uploads = new Map<string, { readonly key: string; readonly parts: Map<number, Buffer> }>();

  /** What the next parts are answered with instead of being taken. */
  readonly refusals: S3ServiceException[] = [];

  constructor() {
    this.answer(PutObjectCommand, async ({ Key, Body }: { Key: string; Body: Buffer }) =>
      this.store(Key, await bytesOf(Body)),
    );
    this.answer(HeadObjectCommand, ({ Key }: { Key: string }) => {
      const { content, etag } = this.find(Key, 'NotFound');
      return { ContentLength: content.length, ETag: etag };
    });
    this.answer(GetObjectCommand, ({ Key, Range }: { Key: string; Range?: string }) => {
      const { content, etag } = this.find(Key, 'NoSuchKey');
      const part = slice(content, Range);
      return {
        Body: Readable.from(part.length === 0 ? [] : [part.subarray(0, 1000), part.subarray(1000)], {
          objectMode: false,
        }),
        ContentLength: part.length,
        ETag: etag,
      };
    });
    this.answer(DeleteObjectCommand, ({ Key }: { Key: string }) => void this.objects.delete(Key));
    this.answer(CopyObjectCommand, ({ Key, CopySource }: { Key: string; CopySource: string }) => ({
      CopyObjectResult: this.store(Key, this.source(CopySource)),
    }));
    this.answer(CreateMultipartUploadCommand, ({ Key }: { Key: string }) => this.begin(Key));
    this.answer(
      UploadPartCommand,
      async ({ UploadId, PartNumber, Body }: { UploadId: string; PartNumber: number; Body: Buffer }) =>
        this.storePart(UploadId, PartNumber, await bytesOf(Body)),
    );
    this.answer(
      UploadPartCopyCommand,
      (input: { UploadId: string; PartNumber: number; CopySource: string; CopySourceRange: string }) => ({
        CopyPartResult: this.storePart(
          input.UploadId,
          input.PartNumber,
          slice(this.source(input.CopySource), input.CopySourceRange),
        ),
      }),
    );
    this.answer(CompleteMultipartUploadCommand, ({ UploadId }: { UploadId: string }) =>
      this.complete(UploadId),
    );
    this.answer(
      AbortMultipartUploadCommand,
      ({ UploadId }: { UploadId: string }) => void this.uploads.delete(UploadId),
    );
    this.answer(
      ListMultipartUploadsCommand,
      ({ Prefix = '', UploadIdMarker }: { Prefix?: string; UploadIdMarker?: string }) => {
        const found = [...this.uploads]
          .filter(([id, { key }]) => key.startsWith(Prefix) && id > (UploadIdMarker ?? ''))
          .map(([UploadId, { key: Key }]) => ({ Key, UploadId }));
        const Uploads = found.slice(0, PAGE);
        return {
          Uploads,
          IsTruncated: found.length > PAGE,
          NextKeyMarker: Uploads.at(-1)?.Key,
          NextUploadIdMarker: Uploads.at(-1)?.UploadId,
        };
      },
    );
    this.answer(
      ListObjectsV2Command,
      ({ Prefix, ContinuationToken }: { Prefix: string; ContinuationToken?: string }) => {
        const found = [...this.objects]
          .filter(([key]) => key.startsWith(Prefix) && !key.slice(Prefix.length).includes('/'))
          .sort(([one], [other]) => (one < other ? -1 : 1));
        const start = Number(ContinuationToken ?? 0);
        const Contents = found
          .slice(start, start + PAGE)
          .map(([key, { content, etag }]) => ({
            Key: encodeURIComponent(key),
            Size: content.length,
            ETag: etag,
          }));
        return {
          Contents,
          EncodingType: 'url',
          IsTruncated: found.length > start + PAGE,
          NextContinuationToken: String(start + PAGE),
        };
      },
    );
  }

  keys(): string[] {
    return [...this.objects.keys()].sort();
  }

  /** Answers a command, as the SDK does: by a promise, whatever the work does. */
  private answer(command: new (input: never) => object, work: (input: never) => unknown): void {
    this.stub
      .on(command as Parameters<AwsClientStub<S3Client>['on']>[0])
      .callsFake((input) => Promise.resolve(input as never).then(work));
  }

  /** An upload in parts that nobody completes. */
  begin(key: string): { readonly UploadId: string } {
    const UploadId = `upload-${String(this.uploads.size).padStart(4, '0')}`;
    this.uploads.set(UploadId, { key, parts: new Map() });
    return { UploadId };
  }

  store(key: string, content: Buffer, etag = `"${md5(content).toString('hex')}"`): { readonly ETag: string } {
    this.objects.set(key, { content, etag });
    return { ETag: etag };
  }

  private storePart(id: string, number: number, content: Buffer): { readonly ETag: string } {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) throw refusal;
    const upload = this.uploads.get(id);
    if (upload === undefined) throw failureOf('NoSuchUpload', 404);
    upload.parts.set(number, content);
    return { ETag: `"${md5(content).toString('hex')}"` };
  }

  /** Makes the object of an upload in parts. */
  complete(id: string): { readonly ETag: string } {
    const upload = this.uploads.get(id);
    if (upload === undefined) throw failureOf('NoSuchUpload', 404);
    const parts = [...upload.parts].sort(([one], [other]) => one - other).map(([, content]) => content);
    this.uploads.delete(id);
    return this.store(
      upload.key,
      Buffer.concat(parts),
      `"${md5(Buffer.concat(parts.map(md5))).toString('hex')}-${parts.length}"`,
    );
  }

  private find(key: string, code: string): FakeObject {
    const found = this.objects.get(key);
    if (found === undefined) throw failureOf(code, 404);
    return found;
  }

  private source(copySource: string): Buffer {
    return this.find(decodeURIComponent(copySource.slice(copySource.indexOf('/') + 1)), 'NoSuchKey').content;
  }
}

/** What the SDK throws for an answer of the store. */
export function failureOf(name: string, status: number, message = name): S3ServiceException {
  return new S3ServiceException({
    name,
    message,
    $fault: status < 500 ? 'client' : 'server',
    $metadata: { httpStatusCode: status, attempts: 5 },
  });
}

function md5(content: Buffer): Buffer {
  return createHash('md5').update(content).digest();
}

/** A copy: the buffers of parts are used again. */
async function bytesOf(body: Buffer | Readable): Promise<Buffer> {
  if (Buffer.isBuffer(body)) return Buffer.from(body);
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function slice(content: Buffer, range: string | undefined): Buffer {
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (start === undefined) return content;
  return content.subarray(Number(start), end === '' ? undefined : Number(end) + 1);
}
