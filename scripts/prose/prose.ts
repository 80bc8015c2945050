import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TextlintKernel } from '@textlint/kernel';
import markdown from '@textlint/textlint-plugin-markdown';
import plain from '@textlint/textlint-plugin-text';
import terminology from 'textlint-rule-terminology';
import { parse } from 'yaml';
import { extractProse, mask } from './extract-prose.ts';
import { BASE, git, report, requireBase } from './git.ts';

/*
 * Checks the words of new prose (terms.yaml). Prose is new unless a changed file has the same fragment in the
 * base commit. A moved comment, or one beside changed code, is not new.
 * An argument names another base commit.
 */
interface Words {
  readonly terms: Readonly<Record<string, string>>;
  readonly exceptions: readonly {
    readonly words: string;
    readonly files?: string;
    readonly reason: string;
  }[];
}

interface Problem {
  readonly fragment: string;
  readonly message: string;
}

const WORDS = parse(readFileSync(new URL('terms.yaml', import.meta.url), 'utf8')) as Words;
/** Matches whole words; not parts of identifiers, paths and options. */
const TERMS = Object.entries(WORDS.terms).map(([words, replacement]) => [
  `(?<![-\\w./$])(?:${words.replaceAll(' ', '\\s+')})(?![-\\w/(=]|\\.\\w)`,
  replacement,
]);
const KERNEL = new TextlintKernel();

/** Returns `path:line:column message` for each rejected word in the prose that is new since `base`. */
async function proseProblems(root: string, base: string): Promise<string[]> {
  requireBase(root, base);
  const changed = pathsIn(git(root, ['diff', '--name-only', '--no-renames', '-z', base]));
  const untracked = pathsIn(git(root, ['ls-files', '--others', '--exclude-standard', '-z']));
  const present = [...changed, ...untracked].filter((path) => existsSync(join(root, path)));
  const problems = await Promise.all(
    present.map((path) => problemsIn(path, readFileSync(join(root, path), 'utf8'))),
  );
  const old = new Set(
    textsAt(root, base, changed).flatMap(([path, text]) => fragmentsOf(proseOf(path, text))),
  );
  return problems.flat().flatMap(({ fragment, message }) => (old.has(fragment) ? [] : [message]));
}

async function problemsIn(path: string, source: string): Promise<Problem[]> {
  const text = proseOf(path, source);
  const [ext, { default: plugin }] = path.endsWith('.md') ? ['.md', markdown] : ['.txt', plain];
  const { messages } = await KERNEL.lintText(text, {
    ext,
    plugins: [{ pluginId: ext, plugin }],
    rules: [{ ruleId: 'words', rule: terminology, options: { terms: TERMS, defaultTerms: false, skip: [] } }],
  });
  const lines = text.split('\n');
  return messages.map(({ message, loc: { start } }) => ({
    fragment: fragmentAt(lines[start.line - 1] ?? '', start.column - 1),
    message: `${path}:${start.line}:${start.column} ${message.replaceAll('\n', ' ')}`,
  }));
}

/** Returns the prose of a file with accepted phrases masked. */
function proseOf(path: string, source: string): string {
  return WORDS.exceptions
    .filter(({ files = '' }) => new RegExp(files).test(path))
    .reduce(
      (text, { words }) => text.replace(new RegExp(words, 'gi'), (phrase) => mask(phrase, '_')),
      extractProse(path, source) ?? '',
    );
}

/** Splits at two spaces and at line ends. The length of inline code does not matter. */
function fragmentsOf(text: string): string[] {
  return Array.from(text.matchAll(/\S+(?: \S+)*/g), ([fragment]) => fragment.replace(/_+/g, '_'));
}

function fragmentAt(line: string, column: number): string {
  return fragmentsOf(line.slice(line.lastIndexOf('  ', column) + 1))[0] ?? '';
}

function pathsIn(output: Buffer): string[] {
  const paths = output.toString().split('\0');
  return paths.filter((path) => extractProse(path, '') !== undefined);
}

/** Returns those of the files that the commit has. Parses `<object> blob <bytes>`, content, line end. */
function textsAt(root: string, commit: string, paths: readonly string[]): [path: string, text: string][] {
  const output = git(root, ['cat-file', '--batch'], paths.map((path) => `${commit}:${path}\n`).join(''));
  let position = 0;
  return paths.flatMap((path) => {
    const content = output.indexOf('\n', position) + 1;
    const bytes = /^\w+ blob (\d+)$/.exec(output.toString('utf8', position, content - 1))?.[1];
    position = bytes === undefined ? content : content + Number(bytes) + 1;
    return bytes === undefined ? [] : [[path, output.toString('utf8', content, position - 1)]];
  });
}

await report(() => proseProblems(process.cwd(), process.argv[2] ?? BASE));
