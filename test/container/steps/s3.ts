import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type Gateway } from '../../support/gateway.ts';
import { YEARLY, type Ground } from '../support/ground.ts';
import { relayTo } from '../support/relay-to-gateway.ts';

/** Copies in a bucket of a real gateway, on the engine’s network. */
export function s3Steps(ground: Ground): void {
  describe('with copies on S3', () => {
    let gateway: Gateway | { readonly unavailable: string };
    let relay: Awaited<ReturnType<typeof relayTo>> | undefined;

    beforeAll(async () => {
      gateway = await startGateway();
      if ('unavailable' in gateway) return;
      const network = await ground.engine.docker([
        'network',
        'inspect',
        '--format',
        '{{(index .IPAM.Config 0).Gateway}}',
        `${ground.stack.project}_default`,
      ]);
      relay = await relayTo(Number(new URL(gateway.endpoint).port), network.trim());
    });

    afterAll(async () => {
      await relay?.stop();
      if ('stop' in gateway) await gateway.stop();
    });

    it('made with keys from files that no inspection shows, read back, proven and restored', async ({
      skip,
    }) => {
      if (!('stop' in gateway) || relay === undefined)
        return skip('unavailable' in gateway ? gateway.unavailable : '');
      const { accessKeyId, secretAccessKey, endpoint } = gateway;
      const s3 = new S3Client({
        endpoint,
        region: 'us-east-1',
        forcePathStyle: true,
        credentials: { accessKeyId, secretAccessKey },
      });
      await s3.send(new CreateBucketCommand({ Bucket: 'geolens' }));
      await ground.stack.secrets({
        postgres_password: 'geolens',
        s3_access_key_id: accessKeyId,
        s3_secret_access_key: secretAccessKey,
      });
      await ground.stack.overlay({
        'compose.secrets.yaml': readFileSync(join(ground.stack.dockerFolder, 'compose.secrets.yaml'), 'utf8'),
      });
      await ground.stack.dotenv({
        ...YEARLY,
        BACKUP_S3_ENABLED: 'true',
        S3_ENDPOINT: relay.endpoint,
        S3_BUCKET: 'geolens',
      });
      await ground.stack.composed('--profile', 'backup', 'up', '-d');
      const timestamp = await ground.stack.goodRun();
      const { Contents = [] } = await s3.send(
        new ListObjectsV2Command({ Bucket: 'geolens', Prefix: 'backups/daily/' }),
      );
      expect(Contents.map(({ Key }) => Key)).toEqual(
        expect.arrayContaining([
          `backups/daily/geolens_${timestamp}.dump`,
          `backups/daily/manifest-${timestamp}.json`,
        ]),
      );
      const shown = await ground.engine.docker([
        'inspect',
        (await ground.stack.composed('ps', '-q', 'backup')).trim(),
      ]);
      expect(shown).not.toContain(secretAccessKey);
      ground.log(`set ${timestamp} is in the bucket; proving the copy`);
      const proof = await ground.stack.backup('verify', timestamp, '--store', 's3', '--restore');
      expect(proof.code, proof.stderr).toBe(0);
      ground.log(proof.stdout);
      const end = await ground.stack.script('restore.sh', timestamp, '--store', 's3', '--into', 'from_s3');
      expect(end.code, end.stderr).toBe(0);
      expect(Number(await ground.stack.sql('SELECT count(*) FROM uploads', 'from_s3'))).toBeGreaterThan(0);
      s3.destroy();
    });
  });
}
