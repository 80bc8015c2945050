import { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs/promises';
import { dyingAfter } from './dying.ts';

/*
 * Publishes a set and ends its process by SIGKILL right after the n-th call that changes the file system.
 * Arguments: the root folder, n. Prints "alive" when there are fewer calls than that.
 */
const [root, calls] = process.argv.slice(2) as [string, string];
const dying = dyingAfter(Number(calls));

fs.open = dying(fs.open);
fs.rename = dying(fs.rename);
fs.rm = dying(fs.rm);
fs.link = dying(fs.link);
syncBuiltinESMExports();

const { LocalStore } = await import('../../../src/store/local-store.ts');
const store = new LocalStore({ root });
const names = [
  'globals-20260101_020000.sql',
  'staging-20260101_020000.tar.gz',
  'geolens_20260101_020000.dump',
  'manifest-20260101_020000.json',
];
const content = async function* (name: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(name));
};
const drafts = [];
for (const name of names) drafts.push(await store.draft(`daily/${name}`, content(name)));
await store.publish(drafts);
await store.copy(`daily/${names[2]!}`, `weekly/${names[2]!}`);
process.stdout.write('alive');
