import { expect, it } from 'vitest';
import type { Ground } from '../support/ground.ts';

/** The image without Compose. */
export function jobSteps(ground: Ground): void {
  it('runs once, as a job of a cluster does', async () => {
    const limits = [
      '--read-only',
      '--cap-drop',
      'ALL',
      '--cap-add',
      'DAC_READ_SEARCH',
      '--cap-add',
      'SETUID',
      '--cap-add',
      'SETGID',
      '--security-opt',
      'no-new-privileges',
      '--tmpfs',
      '/tmp',
    ];
    const volumes = [
      '-v',
      `${ground.stack.project}_backup_data:/backups`,
      '-v',
      `${ground.stack.project}_upload_staging:/staging:ro`,
      '--tmpfs',
      '/var/lib/postgresql/data',
    ];
    const output = await ground.engine.docker([
      'run',
      '--rm',
      ...limits,
      ...volumes,
      '--network',
      `${ground.stack.project}_default`,
      '-e',
      'POSTGRES_PASSWORD=geolens',
      ground.images.backup,
      'geolens-backup',
      'run',
      '--json',
    ]);
    expect(JSON.parse(output)).toMatchObject({ outcome: 'succeeded' });
  });
}
