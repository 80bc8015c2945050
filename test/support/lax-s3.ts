import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import type { S3Access } from './s3-client.ts';

export interface LaxS3 extends S3Access {
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/**
 * Starts an S3 server that is easy to please, within this process: a fake that believes what it is told,
 * knows half of S3, and stores streams with checksums at their end as they come over the wire.
 */
export async function startLaxS3(): Promise<LaxS3> {
  const directory = await mkdtemp(join(tmpdir(), 'geolens-lax-s3-'));
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory });
  const { port } = await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    stop: async () => {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
