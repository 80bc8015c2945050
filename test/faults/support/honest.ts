import type { CliEnd } from '../../support/cli.ts';
import type { Scene } from './scene.ts';
import { crashIn } from './sound.ts';

/**
 * Sees to it that a run says how it was, and that what it says is so. Answers its exit code, and what it says
 * went wrong.
 */
export async function honest(
  scene: Scene,
  end: CliEnd,
  { tampered = false }: { readonly tampered?: boolean } = {},
): Promise<string> {
  if (end.code === null) throw new Error(`the run ended by ${end.signal ?? '?'}: ${end.stderr}`);
  if (end.code !== 0 && !/ERROR \S/.test(end.stderr))
    throw new Error(`exit code ${end.code} without a word: ${end.stderr}`);
  const crash = crashIn(end);
  if (crash !== undefined) throw new Error(`not an error for people: ${crash}\n${end.stderr}`);
  scene.witness.agrees(end, await scene.witness.inspect({ tampered }));
  const { errors = [] } = (end.stdout === '' ? {} : JSON.parse(end.stdout)) as {
    errors?: { code: string }[];
  };
  return [`exit code ${end.code}`, ...new Set(errors.map(({ code }) => code))].join(' ');
}
