import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Secret } from '@geolens/backup-core';
import { sourceOf } from '@geolens/backup-core/testing';
import { PgDumpProducer } from '../../src/dump/pg-dump-producer.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';

it('gives a pg_restore that reads a file neither the password of the database nor anything else of its connection', async () => {
  const folder = await freshFolder();
  const program = (text: string): string => `#!/bin/sh\n${text}\n`;
  await writeFile(join(folder, 'pg_dump'), program('echo "pg_dump (PostgreSQL) 17.2"'), { mode: 0o755 });
  await writeFile(join(folder, 'pg_dumpall'), program(':'), { mode: 0o755 });
  await writeFile(join(folder, 'pg_restore'), program(`env > '${folder}/environment'; cat > /dev/null`), {
    mode: 0o755,
  });
  const connection = {
    host: 'db.example',
    port: 5432,
    user: 'geolens',
    password: new Secret('the-password'),
    database: 'geolens',
  };
  const producer = new PgDumpProducer({
    connection,
    binDir: folder,
    env: { ...env, PGPASSFILE: '/somewhere/else', PGOPTIONS: '-c x=the-options' },
  });
  await producer.check(sourceOf(Buffer.from('dump')), { signal: new AbortController().signal });
  const environment = await readFile(join(folder, 'environment'), 'utf8');
  expect(environment).toContain('LC_ALL=C');
  expect(
    environment
      .split('\n')
      .filter((line) => line.startsWith('PG') || /the-password|the-options|somewhere/.test(line)),
  ).toEqual([]);
});
