import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';

describe('what programs get of our environment', () => {
  it('is where things are, and no secret of anybody else', () => {
    const { programEnv } = readConfig({
      PATH: '/bin',
      HOME: '/root',
      AWS_SECRET_ACCESS_KEY: 'theirs',
      POSTGRES_PASSWORD: 'ours',
    });
    expect(programEnv).toEqual({ PATH: '/bin', HOME: '/root' });
  });

  it('holds, for PostgreSQL’s programs alone, the password that the SQL client reads by itself, which is a secret then', () => {
    const { programEnv, postgresEnv, secrets } = readConfig({ PATH: '/bin', PGPASSWORD: 'from libpq' });
    expect(programEnv).toEqual({ PATH: '/bin' });
    expect(postgresEnv).toEqual({ PATH: '/bin', PGPASSWORD: 'from libpq' });
    expect(secrets.map((secret) => secret.reveal())).toEqual(['from libpq']);
  });
});
