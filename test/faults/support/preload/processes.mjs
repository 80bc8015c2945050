import { ChildProcess } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';

/*
 * Loaded into the command before anything else. Appends to the file that the query of this file's URL names
 * (`to`) a line of JSON for each program that the command starts, and at its end the memory that it had at
 * most, in kilobytes. Not by resource usage: that of a process begins with what its parent had. JavaScript,
 * because what strips types takes 16 MB in the process that is measured.
 */
const to = new URL(import.meta.url).searchParams.get('to');
const note = (fact) => {
  appendFileSync(to, `${JSON.stringify(fact)}\n`);
};

const { prototype } = ChildProcess;
const { spawn } = prototype;
prototype.spawn = function (options) {
  note({ command: [options.file, ...(options.args ?? []).slice(1)] });
  return spawn.call(this, options);
};
process.on('exit', () => {
  note({ peak: Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) });
});
