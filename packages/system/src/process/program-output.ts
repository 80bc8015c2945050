import type { Writable } from 'node:stream';
import { Program, type ProgramEnd, type ProgramOptions } from './program.ts';

/** What a program reads from stdin, in chunks. */
export type ProgramInput = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Says what the end of a program means: nothing when all is well, otherwise the error to fail with. */
export type Judge = (end: ProgramEnd) => Error | undefined;

/**
 * What a program writes to stdout, as it writes it. The failure of the program is the failure of the stream:
 * it never ends as if all were well. Leaving the stream early ends the program.
 * @param input what the program reads from stdin; it gets none if `undefined`
 */
export async function* programOutput(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  judge: Judge,
  input?: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const program = new Program(file, args, {
    ...options,
    stdin: input === undefined ? options.stdin : 'pipe',
  });
  if (input !== undefined) program.stdin.on('error', () => undefined).end(input); // its end reports a failure
  let whole = false;
  try {
    for await (const chunk of program.stdout) yield chunk as Uint8Array;
    const failure = judge(await program.end());
    if (failure !== undefined) throw failure;
    whole = true;
  } finally {
    if (!whole) {
      program.stop();
      await program.end().catch(() => undefined);
    }
  }
}

/** Runs a program to its end, on the content if there is any, and returns what it wrote; for small outputs. */
export async function programBytes(
  file: string,
  args: readonly string[],
  content: ProgramInput | undefined,
  options: ProgramOptions,
  judge: Judge,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const end = await programFed(file, args, content, options, (chunk) => chunks.push(chunk));
  const failure = judge(end);
  if (failure !== undefined) throw failure;
  return Buffer.concat(chunks);
}

/** Runs a program to its end and returns what it wrote, as text; for small outputs. */
export async function programText(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  judge: Judge,
): Promise<string> {
  return (await programBytes(file, args, undefined, options, judge)).toString('utf8');
}

/**
 * Runs a program that reads the content from stdin, if there is any, and hands what it writes to `onOutput`.
 * A program that stops reading before the content ends is no failure by itself: its end tells. Chunks may be
 * lent.
 */
export async function programFed(
  file: string,
  args: readonly string[],
  content: ProgramInput | undefined,
  options: ProgramOptions,
  onOutput: (chunk: Uint8Array) => void = () => undefined,
): Promise<ProgramEnd> {
  const program = new Program(file, args, { ...options, stdin: content === undefined ? 'ignore' : 'pipe' });
  let failed: { readonly error: unknown } | undefined;
  const feeding =
    content === undefined
      ? undefined
      : feed(program.stdin, content).catch((error: unknown) => {
          failed = { error };
        });
  program.stdout.on('data', onOutput);
  try {
    const end = await program.end();
    await feeding;
    if (failed !== undefined) throw failed.error;
    return end;
  } catch (error) {
    program.stop();
    await feeding;
    throw error;
  }
}

/**
 * Writes the content and closes the pipe: one chunk after the other, for they may be lent. A pipe that breaks
 * ends it early and is no failure: then the program has stopped reading.
 */
async function feed(pipe: Writable, content: ProgramInput): Promise<void> {
  pipe.on('error', () => undefined); // each write tells it too
  try {
    for await (const chunk of content) {
      const broken = await new Promise((resolve) => pipe.write(chunk, resolve));
      if (broken != null) return;
    }
    pipe.end();
  } catch (error) {
    pipe.destroy();
    throw error;
  }
}
