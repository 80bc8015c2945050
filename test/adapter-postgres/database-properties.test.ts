import { describe, expect, it, onTestFinished } from 'vitest';
import type { DumpOrigin } from '@geolens/backup-core';
import { clusters, freshDatabase } from '../support/clusters.ts';
import { producerFor, within } from './support/producers.ts';

const ICU = `LOCALE_PROVIDER icu ICU_LOCALE 'de-CH' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'`;
const BUILTIN = `LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'`;

describe.each(clusters())('a dump of $title', (facts) => {
  it.each([
    [
      `ENCODING LATIN1 LOCALE 'C'`,
      15,
      { encoding: 'LATIN1', collate: 'C', ctype: 'C', localeProvider: 'libc' },
    ],
    [ICU, 15, { encoding: 'UTF8', collate: 'C', ctype: 'C.UTF-8', localeProvider: 'icu', locale: 'de-CH' }],
    [
      BUILTIN,
      17,
      { encoding: 'UTF8', collate: 'C', ctype: 'C', localeProvider: 'builtin', locale: 'C.UTF-8' },
    ],
  ] as const)('says whose the database is and what it was made with: %s', async (options, from, wanted) => {
    if (facts.major < from) return;
    const beside = await freshDatabase(facts, { content: 'empty' });
    const [name, role] = [`${beside.database}_p`, `owner of ${beside.database}`];
    await beside.client.psql(
      'postgres',
      `CREATE ROLE "${role}"; CREATE DATABASE ${name} TEMPLATE template0 OWNER "${role}" ${options}`,
    );
    onTestFinished(() =>
      beside.client
        .psql('postgres', `DROP DATABASE ${name} WITH (FORCE); DROP ROLE "${role}"`)
        .then(() => undefined),
    );
    const origin = await within(
      producerFor({ ...facts, database: name }),
      (snapshot): Promise<DumpOrigin> => Promise.resolve(snapshot.origin),
    );
    expect(origin.databaseProperties).toStrictEqual({ owner: role, ...wanted });
  });
});
