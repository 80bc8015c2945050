import { createReadStream } from 'node:fs';
import {
  PgRestoreTester,
  type PgRestoreTesterOptions,
} from '../../../../packages/adapter-postgres/src/restore-test/pg-restore-tester.ts';

/*
 * Restore tests the dump of its second argument and the globals of its third, if there is one, with the
 * options in its first, and prints each step.
 */
const [, , options, ...paths] = process.argv;
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
const [dump, globals] = paths.map((path) => ({
  bytes: 0,
  sha256: '',
  path,
  open: () => createReadStream(path),
}));
const testResult = await ground.runRestoreTest({
  dump: dump!,
  globals,
  manifest: undefined,
  privilegedRoles: true,
});
process.stdout.write(`${JSON.stringify(testResult)}\n`);
await ground[Symbol.asyncDispose]();
process.stdout.write('over\n');
