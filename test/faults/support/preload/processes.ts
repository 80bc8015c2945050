import { ChildProcess } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';

/*
 * Loaded into the command before anything else. Appends to the file that the query of this file's URL names
 * (`to`) a line of JSON for each program that the command starts, and at its end the memory that it had at
 * most, in kilobytes. Not by resource usage: that of a process begins with what its parent had.
 */
const to = new URL(import.meta.url).searchParams.get('to')!;
const note = (fact: object): void => {
  appendFileSync(to, `${JSON.stringify(fact)}\n`);
};

interface Spawning {
  spawn(options: { readonly file: string; readonly args?: readonly string[] }): unknown;
}

const prototype = ChildProcess.prototype as unknown as Spawning;
const spawn = Object.getOwnPropertyDescriptor(prototype, 'spawn')!.value as Spawning['spawn'];
prototype.spawn = function (options) {
  note({ command: [options.file, ...(options.args ?? []).slice(1)] });
  return spawn.call(this, options);
};
process.on('exit', () => {
  note({ peak: Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]) });
});
