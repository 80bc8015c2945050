import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '@geolens/backup-core';
import { runCli } from '../src/cli.ts';
import { isSecret, VARIABLE_NAMES, VARIABLES } from '../src/config/variables.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8');
const readAll = (...patterns: string[]): string => globSync(patterns, { cwd: ROOT }).map(read).join('\n');

/** All that people read, but for what is made from the source, and mistakes with what they print. */
const DOCUMENTATION = readAll('*.md', 'docs/*.md', 'docs/decisions/*.md', 'packages/*/README.md').replace(
  read('docs/troubleshooting.md'),
  '',
);

async function helpOf(...command: string[]): Promise<string> {
  let help = '';
  await runCli([...command, '--help'], {
    env: {},
    io: { stdout: (text) => (help += text), stderr: () => undefined },
    signal: new AbortController().signal,
  });
  return help;
}

async function commands(): Promise<string[]> {
  const help = await helpOf();
  return [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+)/gm)].map(
    ([, command]) => command!,
  );
}

describe('the documentation', () => {
  it('has a row for every variable, with its default and meaning, and for no other', () => {
    const documented = read('docs/configuration.md').match(/^\| `[A-Z].*$/gm);
    const rows = Object.entries(VARIABLES).map(
      ([name, { default: fallback, meaning }]) =>
        `| \`${name}\` | ${fallback === undefined ? '–' : `\`${fallback}\``} | ${meaning} |`,
    );
    expect(documented).toEqual(rows);
  });

  it('speaks nowhere of a variable that nobody reads', () => {
    const known = new Set<string>([
      ...VARIABLE_NAMES,
      ...VARIABLE_NAMES.filter(isSecret).map((name) => `${name}_FILE`),
      ...Object.keys(ERROR_CODES),
    ]);
    const others = readAll('docker/*.yaml', 'docker/Dockerfile', 'scripts/**/*.sh', 'examples/**/*.ts'); // these have some of their own
    const spoken = new Set(
      DOCUMENTATION.match(/(?<!\w)(?:BACKUP|DATABASE|LOG|POSTGRES|S3|STAGING)(?:_[A-Z\d]+)+(?!\w)/g),
    );
    expect(
      [...spoken].filter((name) => !known.has(name) && !new RegExp(`\\b${name}\\b`).test(others)),
    ).toEqual([]);
  });

  it('names a test for each claim of the threat model', () => {
    const sections = read('docs/security.md')
      .split(/^\| holds \| test \|$/m)
      .slice(1);
    const claims = sections.flatMap((text) => text.split('\n\n')[0]!.match(/^\| (?!---).*$/gm)!);
    expect(claims.length).toBeGreaterThan(10);
    expect(claims.filter((row) => !/\]\(\.\.\/\S+\.test\.ts\)/.test(row))).toEqual([]);
  });

  it('names every command in docs/commands.md, and no other, here or elsewhere', async () => {
    const named = (text: string): string[] =>
      [...new Set([...text.matchAll(/geolens-backup ([a-z]+)/g)].map(([, command]) => command!))].sort();
    expect(named(read('docs/commands.md'))).toEqual((await commands()).sort());
    expect(named(DOCUMENTATION)).toEqual((await commands()).sort());
  });

  it('names every option of every command, and gives no command one that it does not have', async () => {
    for (const command of await commands()) {
      const options = new Set((await helpOf(command)).match(/--[a-z-]+/g));
      const given = [
        ...DOCUMENTATION.matchAll(new RegExp(`geolens-backup ${command}\\b([^\\n\`|#]*)`, 'g')),
      ].flatMap(([, rest]) => rest!.match(/--[a-z-]+/g) ?? []);
      expect(
        given.filter((option) => !options.has(option)),
        command,
      ).toEqual([]);
      expect(
        [...options].filter((option) => option !== '--help' && !DOCUMENTATION.includes(option)),
        command,
      ).toEqual([]);
    }
  });

  it('links to files that are there', () => {
    for (const file of globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md'], {
      cwd: ROOT,
    })) {
      const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link!);
      expect(
        links.filter((link) => !existsSync(join(ROOT, dirname(file), decodeURI(link)))),
        file,
      ).toEqual([]);
    }
  });

  it('names every script of the workspace, and no other', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
    const named = [...DOCUMENTATION.matchAll(/npm (?:run (?:--silent )?([a-z:]+)|(test))\b/g)].map(
      ([, script, test]) => script ?? test!,
    );
    expect([...new Set(named)].sort()).toEqual(Object.keys(scripts).sort());
  });
});
