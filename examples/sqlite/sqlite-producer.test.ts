import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { dumpProducerContract } from '@geolens/backup-core/testing';
import { SqliteProducer } from './sqlite-producer.ts';

describe('the producer of SQLite dumps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-example-'));
  after(() => {
    rmSync(folder, { recursive: true });
  });
  let made = 0;
  const subject = () => {
    const path = join(folder, `shop-${(made += 1)}.sqlite`);
    const write = (sql: string): void => {
      const database = new DatabaseSync(path);
      database.exec(sql);
      database.close();
    };
    write(`CREATE TABLE orders (id integer PRIMARY KEY, what text);
           INSERT INTO orders (what) SELECT hex(randomblob(50)) FROM json_each('[${'0,'.repeat(999)}0]')`);
    const addRow = (): Promise<void> => {
      write("INSERT INTO orders (what) VALUES ('one more')");
      return Promise.resolve();
    };
    return Promise.resolve({ producer: new SqliteProducer(path), addRow });
  };

  for (const { title, check } of dumpProducerContract(subject)) test(title, check);
});
