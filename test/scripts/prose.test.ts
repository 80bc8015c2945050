import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitProblems, subjectProblems } from '../../scripts/prose/commits.ts';
import { extractProse } from '../../scripts/prose/extract-prose.ts';

const PROGRAM = join(import.meta.dirname, '../../scripts/prose/prose.ts');

let root: string;
let base: string;

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
}

function commit(subject: string): string {
  git('add', '--all');
  git('commit', '--quiet', '--allow-empty', '--message', subject);
  return git('rev-parse', 'HEAD');
}

async function write(name: string, ...lines: string[]): Promise<void> {
  await writeFile(join(root, name), `${lines.join('\n')}\n`);
}

/** Runs the check in the repository. */
function problems(since = base): string[] {
  const { status, stderr } = spawnSync(process.execPath, [PROGRAM, since], { cwd: root, encoding: 'utf8' });
  expect(status).toBe(stderr === '' ? 0 : 1);
  return stderr.split('\n').slice(0, -1);
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geolens-prose-'));
  git('init', '--quiet');
  await write('old.ts', '/** Nobody is told of `drill`. */', 'export const mend = 1;');
  await write('old.md', 'Whoever looks.');
  base = commit('tree: begin');
});

afterEach(() => rm(root, { recursive: true }));

describe('prose', () => {
  it('accepts old prose', () => {
    expect(problems()).toEqual([]);
  });

  it('reports new words with position and replacement, committed or not, tracked or not', async () => {
    await write('old.md', 'Whoever looks.', '', 'Plain words, and there is', 'room.');
    await write('new.ts', 'const s = 1;', 'const t = f(`a ${s} mend`); // a twin');
    commit('tree: change');
    await write('new.sh', 'told=1 # somebody');
    expect(problems()).toEqual([
      expect.stringMatching(/^new\.ts:2:21 .*“mend”.*“hint”/),
      expect.stringMatching(/^new\.ts:2:34 .*“twin”.*“copy source”/),
      expect.stringMatching(/^old\.md:4:1 .*“room”.*“disk space”/),
      expect.stringMatching(/^new\.sh:1:10 .*“somebody”.*“the actor/),
    ]);
  });

  it('accepts old prose in a renamed file, beside other code, and with a renamed identifier', async () => {
    await rename(join(root, 'old.md'), join(root, 'moved.md'));
    await rename(join(root, 'old.ts'), join(root, 'moved.ts'));
    await write('moved.ts', '/** Nobody is told of `restoreTest`. */ export const hint = 1;');
    expect(problems()).toEqual([]);
  });

  it('accepts identifiers, paths, inline code, blocks of code and listed exceptions', async () => {
    await write(
      'new.md',
      '`told`, BACKUP_DRILL_DIR, [x](drill/told.md) and a replication slot.',
      '',
      '```',
      'told',
      '```',
    );
    await write(
      'new.ts',
      "import './told.ts';",
      'told({ mend: /told it/, as: "told" }); // not `told` or told()',
    );
    expect(problems()).toEqual([]);
  });

  it('fails with advice if the base commit is missing', async () => {
    const missing = '0123456789012345678901234567890123456789';
    expect(problems(missing)[0]).toContain('git fetch --unshallow');
    await rm(join(root, '.git'), { recursive: true });
    expect(problems().join(' ')).toMatch(/Git checkout.*not a git repository/);
  });
});

describe('the extracted prose', () => {
  it.each([
    [
      'a.ts',
      "/** One\n * two. */\nf('it is', 'a'); // three",
      '    One\n   two.   \n   it is            three',
    ],
    ['a.ts', 'x = `a ${b("c d")} e\\n`;', '     a      c d    e    '],
    ['a.mjs', "f('it is'); /* one `b` */", '               one ___   '],
    ['a.sh', 'echo "$#" # one', '          # one'],
    ['a.md', 'One `b`', 'One ___'],
    ['a.json', '{}', undefined],
  ])('of %s (%j) keeps its place', (path, source, prose) => {
    expect(extractProse(path, source)).toBe(prose);
  });
});

describe('commits', () => {
  it('reports subjects since the base commit', () => {
    const id = commit('Change things').slice(0, 7);
    commit('core: change things');
    expect(commitProblems(root, base)).toEqual([
      expect.stringMatching(`^${id}.*"Change things": write "area`),
    ]);
  });

  it.each([
    ['core: narrow types', 0],
    ['restore test: ask a role', 0],
    [`core: ${'a'.repeat(66)}`, 0],
    [`core: ${'a'.repeat(67)}`, 1],
    ['core: narrow types.', 1],
    ['Core: narrow types', 1],
    ['core:narrow types', 1],
    ['Narrow types.', 2],
  ])('finds in %j problems: %i', (subject, count) => {
    expect(subjectProblems(subject)).toHaveLength(count);
  });
});
