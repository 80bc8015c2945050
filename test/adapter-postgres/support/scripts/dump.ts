import {
  PgDumpProducer,
  type PgDumpProducerOptions,
} from '../../../../packages/adapter-postgres/src/dump/pg-dump-producer.ts';

/*
 * Begins a dump with the options in its first argument, says "dumping" at the first chunk, and reads no
 * further.
 */
const options = JSON.parse(process.argv[2]!) as PgDumpProducerOptions;
const snapshot = await new PgDumpProducer(options).snapshot({ signal: new AbortController().signal });
await snapshot.dump()[Symbol.asyncIterator]().next();
process.stdout.write('dumping');
await new Promise(() => process.stdin.resume());
