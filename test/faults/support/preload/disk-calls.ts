import { writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Loaded into the command before anything else, to meddle with one change that it makes to a disk. The query
 * of this file's URL says which:
 *   at=N        the Nth change, counted from 1
 *   do=kill     kills the whole process group instead; do=count tells how many changes there were; any other is the error that it fails with
 *   times=M     and as many changes after it fail as well (default 1)
 *   only=CALL   only changes by this call count
 *   to=PATH     where `count` goes
 */
const query = new URL(import.meta.url).searchParams;
const at = Number(query.get('at') ?? '0');
const action = query.get('do') ?? 'count';
const only = query.get('only');
const until = at + Number(query.get('times') ?? '1');
let calls = 0;

function meddle(call: string): void {
  if (only !== null && call !== only) return;
  calls += 1;
  if (action === 'count' || calls < at || calls >= until) return;
  if (action === 'kill') process.kill(0, 'SIGKILL');
  throw Object.assign(new Error(`${action}: injected, ${call}`), { code: action, syscall: call });
}

type Method = (...args: unknown[]) => Promise<unknown>;

function wrap(
  owner: object,
  names: readonly string[],
  subjects: (args: readonly unknown[]) => boolean = () => true,
): void {
  const methods = owner as Record<string, Method>;
  for (const name of names) {
    const original = methods[name]!;
    methods[name] = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
      if (subjects(args)) meddle(name);
      return original.apply(this, args);
    };
  }
}

wrap(fs, ['rename', 'link', 'rm', 'unlink', 'mkdir', 'rmdir', 'writeFile', 'copyFile', 'chmod', 'utimes']);
wrap(fs, ['open'], ([, flags]) => typeof flags === 'string' && /[wax+]/.test(flags));
const handle = await fs.open('/dev/null');
wrap(Object.getPrototypeOf(handle) as object, [
  'write',
  'writev',
  'writeFile',
  'sync',
  'datasync',
  'truncate',
]);
await handle.close();
syncBuiltinESMExports();
if (action === 'count')
  process.on('exit', () => {
    writeFileSync(query.get('to')!, String(calls));
  });
