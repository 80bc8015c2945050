import { createReadStream } from 'node:fs';
import {
  PgRestoreTester,
  type PgRestoreTesterOptions,
} from '../../../../packages/adapter-postgres/src/restore-test/pg-restore-tester.ts';

/* Restore tests the dump of its second argument, with the options in its first, and prints each step. */
const [, , options, path] = process.argv;
const restoreTest = new PgRestoreTester(JSON.parse(options!) as PgRestoreTesterOptions);
const observer = (event: { readonly event: string; readonly step: string }): void => {
  if (event.event === 'step') process.stdout.write(`${event.step}\n`);
};
const ground = await restoreTest.open(
  { databaseBytes: 1, dumpBytes: 1, keptBytes: 0 },
  { signal: new AbortController().signal, observer },
);
if ('inconclusive' in ground) throw new Error(ground.inconclusive.join());
process.stdout.write('opened\n');
const dump = { bytes: 0, sha256: '', path: path!, open: () => createReadStream(path!) };
const testResult = await ground.runRestoreTest({
  dump,
  globals: undefined,
  manifest: undefined,
  privilegedRoles: true,
});
process.stdout.write(`${JSON.stringify(testResult)}\n`);
await ground[Symbol.asyncDispose]();
process.stdout.write('over\n');
