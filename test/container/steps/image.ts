import { describe, expect, it } from 'vitest';
import type { Ground } from '../support/ground.ts';

/** What was built. */
export function imageSteps(ground: Ground): void {
  describe('as an image', () => {
    interface Image {
      readonly Size: number;
      readonly Config: {
        readonly User: string;
        readonly Entrypoint: string[];
        readonly Cmd: string[];
        readonly StopSignal: string;
        readonly Labels: Record<string, string>;
        readonly Healthcheck: { readonly Test: string[] };
      };
    }
    const imageOf = async (name: string): Promise<Image> =>
      JSON.parse(await ground.engine.docker(['image', 'inspect', '--format', '{{json .}}', name])) as Image;

    it('adds less than 200 MB to the image of the database, and keeps its layers', async () => {
      const [ours, theirs] = [await imageOf(ground.images.backup), await imageOf(ground.images.database)];
      ground.log(
        `the image is ${((ours.Size - theirs.Size) / 1e6).toFixed(0)} MB larger than the database’s own`,
      );
      expect(ours.Size - theirs.Size).toBeLessThan(200e6);
      const layers = async (name: string): Promise<string[]> =>
        JSON.parse(
          await ground.engine.docker(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', name]),
        ) as string[];
      const base = await layers(ground.images.database);
      expect((await layers(ground.images.backup)).slice(0, base.length)).toEqual(base);
    });

    it('has an init, a health check, a signal that the loop understands, and labels', async () => {
      const { Config } = await imageOf(ground.images.backup);
      expect(Config).toMatchObject({
        User: '0:0',
        Entrypoint: ['/usr/bin/tini', '--'],
        Cmd: ['geolens-backup', 'serve'],
        StopSignal: 'SIGTERM',
      });
      expect(Config.Healthcheck.Test).toEqual(['CMD', 'geolens-backup', 'health']);
      expect(Config.Labels).toMatchObject({
        'org.opencontainers.image.licenses': 'Apache-2.0',
        'org.opencontainers.image.base.name': ground.images.database,
      });
    });

    it('has Node 24, igzip and the programs of the database, and neither npm, nor a compiler, nor lists of packages, nor tests', async () => {
      const script = `node --version; pg_dump --version; command -v igzip flock setpriv tar
        command -v npm npx pnpm cc gcc make || true
        find /var/lib/apt/lists /var/cache/apt -type f -size +0 -not -name lock
        find /opt/geolens-backup \\( -name '*.test.*' -o -name '*.ts' -o -name typescript -o -name vitest \\)`;
      const output = (await ground.engine.docker(['run', '--rm', ground.images.backup, 'bash', '-c', script]))
        .trim()
        .split('\n');
      expect(output[0]).toMatch(/^v24\./);
      expect(output[1]).toMatch(/PostgreSQL\) 17\./);
      expect(output.slice(2)).toEqual([
        '/usr/bin/igzip',
        '/usr/bin/flock',
        '/usr/bin/setpriv',
        '/usr/bin/tar',
      ]);
    });
  });
}
