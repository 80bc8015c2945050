import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCli } from '../src/cli.ts';
import { VARIABLES } from '../src/config/variables.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('the documentation', () => {
  it('has a row for every variable, with its default and meaning, and for no other', () => {
    const documented = read('docs/configuration.md').match(/^\| `[A-Z].*$/gm);
    const rows = Object.entries(VARIABLES).map(
      ([name, { default: fallback, meaning }]) => `| \`${name}\` | ${fallback === undefined ? '–' : `\`${fallback}\``} | ${meaning} |`,
    );
    expect(documented).toEqual(rows);
  });

  it('names every command in the README, and no other', async () => {
    const named = new Set([...read('README.md').matchAll(/geolens-backup ([a-z]+)/g)].map(([, command]) => command));
    let help = '';
    await runCli(['--help'], { env: {}, io: { stdout: (text) => (help += text), stderr: () => undefined }, signal: new AbortController().signal });
    const commands = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(([, command]) => command);
    expect([...named].sort()).toEqual(commands.sort());
  });
});
