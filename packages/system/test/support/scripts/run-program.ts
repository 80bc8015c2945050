import { Program } from '../../../src/process/program.ts';

/*
 * Starts the program in its arguments, says the id of its process by way of the program itself, and waits for
 * it.
 */
const [file, ...args] = process.argv.slice(2) as [string, ...string[]];
const program = new Program(file, args, { env: { PATH: process.env['PATH'] ?? '' } });
program.stdout.pipe(process.stdout);
await program.end();
