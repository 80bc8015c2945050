import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { s3Client, type Bucket } from './s3-client.ts';

/*
 * node upload-once.ts '{bucket}' FILE…: sends finished files to a bucket, once, and proves nothing: the
 * client, the parts and how many at a time are those of the software. Prints how long the sending took,
 * without the start of Node.
 */
const PART_BYTES = 5 * 1024 * 1024;
const AT_ONCE = 3;

const [, , target = '', ...files] = process.argv;
const bucket = JSON.parse(target) as Bucket;
const client = s3Client(bucket);
const began = performance.now();
let bytes = 0;
for (const file of files) bytes += await upload(client, file);
process.stdout.write(JSON.stringify({ seconds: (performance.now() - began) / 1000, bytes }));
client.destroy();

async function upload(s3: S3Client, path: string): Promise<number> {
  const target = { Bucket: bucket.name, Key: basename(path) };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
  const { size } = await stat(path);
  await using file = await open(path);
  const parts = Array.from({ length: Math.max(1, Math.ceil(size / PART_BYTES)) }, (_, index) => ({
    PartNumber: index + 1,
    ETag: undefined as string | undefined,
  }));
  const queue = parts.values();
  const sender = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafe(PART_BYTES);
    for (const part of queue) {
      const { bytesRead } = await file.read(buffer, 0, PART_BYTES, (part.PartNumber - 1) * PART_BYTES);
      const { ETag } = await s3.send(
        new UploadPartCommand({
          ...target,
          UploadId,
          PartNumber: part.PartNumber,
          Body: buffer.subarray(0, bytesRead),
        }),
      );
      part.ETag = ETag;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
  await s3.send(
    new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts: parts } }),
  );
  return size;
}
