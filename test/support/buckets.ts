import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import { inject, onTestFinished } from 'vitest';
import type { GatewayFacts } from './gateway.ts';
import { runProgram } from './run-program.ts';
import { s3Client, type S3Access } from './s3-client.ts';

/** A bucket of its own for one test. */
export interface TestBucket extends GatewayFacts {
  readonly name: string;
  readonly client: S3Client;
  /** The keys that begin so, sorted by code units; all pages of them. */
  keys(prefix?: string): Promise<readonly string[]>;
  /**
   * Of each key that begins so, what the store tells it by: another one means that there is another object.
   */
  versions(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** The keys of the multipart uploads that are open, one for each upload, sorted likewise. */
  uploads(): Promise<readonly string[]>;
  get(key: string): Promise<Buffer>;
  put(key: string, body: Uint8Array | string): Promise<void>;
  /** Gets an object into a file by another client, curl. */
  download(key: string, file: string): Promise<void>;
}

/** The shared S3 server; ask `inject('missingGateway')` first whether there is one. */
export function gateway(): GatewayFacts {
  const facts = inject('gateway');
  if (!facts) throw new Error(inject('missingGateway'));
  return facts;
}

/** Makes a bucket for the test that runs, and removes it with all that is in it when that is finished. */
export async function freshBucket(): Promise<TestBucket> {
  const facts = gateway();
  const name = `t-${randomUUID()}`;
  const client = s3Client(facts);
  await client.send(new CreateBucketCommand({ Bucket: name }));
  onTestFinished(() => removeBucket(client, name));
  return {
    ...facts,
    name,
    client,
    keys: async (prefix) => [...(await listVersions(client, name, prefix)).keys()].sort(),
    versions: (prefix) => listVersions(client, name, prefix),
    uploads: async () => (await listUploads(client, name)).map(({ Key }) => Key!).sort(),
    get: async (key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
      return Buffer.from(await Body!.transformToByteArray());
    },
    put: async (key, body) => {
      await client.send(new PutObjectCommand({ Bucket: name, Key: key, Body: body }));
    },
    download: (key, file) => download(facts, `${name}/${key}`, file),
  };
}

async function listVersions(
  client: S3Client,
  bucket: string,
  prefix: string | undefined,
): Promise<Map<string, string>> {
  const versions = new Map<string, string>();
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client },
    { Bucket: bucket, Prefix: prefix },
  )) {
    for (const { Key, ETag, Size, LastModified } of Contents)
      versions.set(Key!, `${ETag} ${Size} ${LastModified?.toISOString()}`);
  }
  return versions;
}

async function listUploads(client: S3Client, bucket: string): Promise<MultipartUpload[]> {
  const uploads: MultipartUpload[] = [];
  for (let markers = {}; ; ) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...markers }));
    uploads.push(...(page.Uploads ?? []));
    if (page.IsTruncated !== true) return uploads;
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}

async function removeBucket(client: S3Client, bucket: string): Promise<void> {
  for (const { Key, UploadId } of await listUploads(client, bucket))
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket })) {
    const Objects = Contents.map(({ Key }) => ({ Key }));
    if (Objects.length > 0)
      await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
  }
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
}

async function download(
  { endpoint, accessKeyId, secretAccessKey }: S3Access,
  path: string,
  file: string,
): Promise<void> {
  const url = `${endpoint}/${path.split('/').map(encoded).join('/')}`;
  const signed = [
    '--aws-sigv4',
    'aws:amz:us-east-1:s3',
    '--header',
    'x-amz-content-sha256: UNSIGNED-PAYLOAD',
  ];
  const options = [
    '--fail',
    '--silent',
    '--show-error',
    '--path-as-is',
    ...signed,
    '--output',
    file,
    '--config',
    '-',
    url,
  ];
  await runProgram('curl', options, { input: `user = "${accessKeyId}:${secretAccessKey}"\n` });
}

/** Signatures take letters, digits and `-._~` as they are, and nothing else. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Returns the variables with which a run copies to the bucket. */
export function replicaEnv({
  endpoint,
  name,
  accessKeyId,
  secretAccessKey,
}: TestBucket): Record<string, string> {
  return {
    BACKUP_S3_ENABLED: 'true',
    S3_ENDPOINT: endpoint,
    S3_BUCKET: name,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  };
}
