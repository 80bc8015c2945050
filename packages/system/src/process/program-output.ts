import type { Writable } from 'node:stream';
import { textOf, type ArtifactSource } from '@geolens/backup-core';
import { Program, type ProgramEnd, type ProgramOptions } from './program.ts';

/** Says what the end of a program means: nothing when all is well, otherwise the error to fail with. */
export type Judge = (end: ProgramEnd) => Error | undefined;

/**
 * What a program writes to stdout, as it writes it. The failure of the program is the failure of the stream:
 * it never ends as if all were well. Leaving the stream early ends the program.
 */
export async function* programOutput(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  judge: Judge,
): AsyncGenerator<Uint8Array> {
  const program = new Program(file, args, options);
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

/** Runs a program to its end and gives what it wrote; for small outputs. */
export async function programText(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  judge: Judge,
): Promise<string> {
  return textOf(programOutput(file, args, options, judge));
}

/** All bytes of a content together; for small ones. */
export async function wholeOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Runs a program that reads the content from stdin, if there is any, and hands what it writes to `onOutput`.
 * A program that stops reading before the content ends is no failure by itself: its end tells. Chunks may be
 * lent.
 */
export async function programFed(
  file: string,
  args: readonly string[],
  content: ReturnType<ArtifactSource['open']> | undefined,
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
async function feed(pipe: Writable, content: AsyncIterable<Uint8Array>): Promise<void> {
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
