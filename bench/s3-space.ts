import { totalmem } from 'node:os';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { startGateway, type Gateway } from '../test/support/gateway.ts';
import { s3Client, type Bucket } from './s3-client.ts';

const GIB = 1024 ** 3;
/** What may lie in one gateway before the next bucket gets a new one. */
const COMFORTABLE_BYTES = 4 * GIB;
/** A Ceph takes uploads up to a share of what it is told that it can hold. */
const HEADROOM = 1.5;
/** The rest is for the server, its cache and the software. */
const SHARE_OF_MEMORY = 0.6;

/**
 * Empty buckets on a gateway that keeps everything in memory: it is started anew when it would hold too much.
 */
export class S3Space {
  private gateway: Gateway | undefined;
  private promised = 0;
  private made = 0;

  /** An empty bucket for so many bytes. What earlier ones hold may be gone. */
  async bucket(bytes: number): Promise<Bucket> {
    if (!fitsIntoMemory(bytes))
      throw new Error(
        `${(bytes / 1e9).toFixed(1)} GB on S3 do not fit into the memory of this machine: take a smaller size, or --no-s3`,
      );
    if (this.gateway !== undefined && this.promised + bytes > COMFORTABLE_BYTES) await this.close();
    this.gateway ??= await gatewayOrFail(Math.max(6 * GIB, Math.ceil(bytes * HEADROOM)));
    this.promised += bytes;
    this.made += 1;
    const { endpoint, accessKeyId, secretAccessKey } = this.gateway;
    const bucket = { endpoint, accessKeyId, secretAccessKey, name: `bench-${this.made}` };
    const client = s3Client(bucket);
    await client.send(new CreateBucketCommand({ Bucket: bucket.name }));
    client.destroy();
    return bucket;
  }

  async close(): Promise<void> {
    await this.gateway?.stop();
    this.gateway = undefined;
    this.promised = 0;
  }
}

export function fitsIntoMemory(bytes: number): boolean {
  return bytes <= totalmem() * SHARE_OF_MEMORY;
}

async function gatewayOrFail(memoryBytes: number): Promise<Gateway> {
  const started = await startGateway(memoryBytes);
  if ('unavailable' in started)
    throw new Error(`${started.unavailable}; or measure without copies on S3: --no-s3`);
  return started;
}
