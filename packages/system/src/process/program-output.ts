import type { Writable } from 'node:stream';
import { Program, type ProgramEnd, type ProgramOptions } from './program.ts';

/** Chunks that a program reads from stdin. */
export type ProgramInput = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Returns the error that the end of a program means; `undefined` if the program succeeded. */
export type Judge = (end: ProgramEnd) => Error | undefined;

/**
 * Yields what a program writes to stdout, as it arrives. Throws if the program fails, so a failed program
 * never looks like a complete stream. A failing input stops the program, and its error is thrown. Leaving the
 * stream early stops the program and closes the input.
 * @param input bytes for stdin of the program, which may reuse their buffers; `undefined` if it gets none
 */
export async function* programOutput(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  judge: Judge,
  input?: ProgramInput,
): AsyncGenerator<Uint8Array> {
  const program = new Program(file, args, {
    ...options,
    stdin: input === undefined ? options.stdin : 'pipe',
  });
  const feeding = feedOrStop(program, input);
  let whole = false;
  try {
    for await (const chunk of program.stdout) yield chunk as Uint8Array;
    const end = await program.end();
    const failed = await feeding;
    if (failed !== undefined) throw failed.error;
    const failure = judge(end);
    if (failure !== undefined) throw failure;
    whole = true;
  } finally {
    if (!whole) {
      program.stop();
      await program.end().catch(() => undefined);
      await feeding;
    }
  }
}

/** Runs a program to its end, on the content if there is any, and returns its stdout; for small outputs. */
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

/** Runs a program to its end and returns its stdout as text; for small outputs. */
export async function programText(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  judge: Judge,
): Promise<string> {
  return (await programBytes(file, args, undefined, options, judge)).toString('utf8');
}

/**
 * Runs a program that reads the content from stdin, if there is any, and passes its stdout to `onOutput`. A
 * program may stop reading before the content ends; only its end decides whether it failed. The content may
 * reuse its buffers.
 */
export async function programFed(
  file: string,
  args: readonly string[],
  content: ProgramInput | undefined,
  options: ProgramOptions,
  onOutput: (chunk: Uint8Array) => void = () => undefined,
): Promise<ProgramEnd> {
  const program = new Program(file, args, { ...options, stdin: content === undefined ? 'ignore' : 'pipe' });
  const feeding = feedOrStop(program, content);
  program.stdout.on('data', onOutput);
  try {
    const end = await program.end();
    const failed = await feeding;
    if (failed !== undefined) throw failed.error;
    return end;
  } catch (error) {
    program.stop();
    await feeding;
    throw error;
  }
}

/**
 * Feeds the content to the program, if there is any. Returns the error of a content that fails, and stops the
 * program then: it would take what it has got for all.
 */
async function feedOrStop(
  program: Program,
  content: ProgramInput | undefined,
): Promise<{ readonly error: unknown } | undefined> {
  if (content === undefined) return undefined;
  try {
    await feed(program.stdin, content);
    return undefined;
  } catch (error) {
    program.stop();
    return { error };
  }
}

/**
 * Writes the content and closes the pipe. Writes one chunk at a time, because the content may reuse its
 * buffers. A broken pipe ends the writing early without an error: the program has stopped reading.
 */
async function feed(pipe: Writable, content: ProgramInput): Promise<void> {
  pipe.on('error', () => undefined); // each write reports the error too
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
