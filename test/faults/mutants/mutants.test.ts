import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { MUTANTS } from './mutants.ts';

it.each(MUTANTS)('“$title” has its place in the source, once', ({ edits }) => {
  for (const { file, text, instead } of edits) {
    const source = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');
    expect(source.split(text), `${file}: ${text}`).toHaveLength(2);
    expect(text).not.toBe(instead);
  }
});
