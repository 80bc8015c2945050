import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '../../src/process/start-program.ts';
import { freshFolder } from './folders.ts';

/** What programs get in tests: the search path and nothing else. */
export const env = { PATH: process.env['PATH'] ?? '' };

/** A search path on which there are these programs alone. */
export async function onlyPrograms(...names: readonly string[]): Promise<{ readonly PATH: string }> {
  const folder = await freshFolder();
  for (const name of names) await symlink((await findProgram([name], env.PATH))!, join(folder, name));
  return { PATH: folder };
}

export async function isInstalled(name: string): Promise<boolean> {
  return (await findProgram([name], env.PATH)) !== undefined;
}
