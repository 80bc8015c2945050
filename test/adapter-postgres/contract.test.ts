import { describe, it } from 'vitest';
import { dumpProducerContract } from '@geolens/backup-core/testing';
import { clusters } from '../support/clusters.ts';
import { producerFor } from './support/producers.ts';
import { smallDatabase } from './support/small-database.ts';

describe.each(clusters())('the producer on $title', (facts) => {
  const contract = dumpProducerContract(async () => {
    const database = await smallDatabase(facts);
    return {
      producer: producerFor(database),
      addRow: async () => {
        await database.query('INSERT INTO data.requests VALUES (7)');
      },
    };
  });
  for (const { title, check } of contract) it(title, check);
});
