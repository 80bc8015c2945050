import { BASE, git, report, requireBase } from './git.ts';

/*
 * Checks the subjects of commits since the base commit.
 */
const LONGEST = 72;
const FORM = /^[a-z0-9][a-z0-9 ,./-]{0,24}: \S/;

/** Returns the problems of a subject; empty if there are none. */
export function subjectProblems(subject: string): string[] {
  return [
    ...(subject.length > LONGEST ? [`${subject.length} characters, at most ${LONGEST} are allowed`] : []),
    ...(FORM.test(subject) ? [] : ['write "area: subject" with a lowercase area']),
    ...(subject.endsWith('.') ? ['remove the full stop'] : []),
  ];
}

/** Returns a line per problem of the commits since `base`; merge commits are excluded. */
export function commitProblems(root: string, base: string): string[] {
  requireBase(root, base);
  const log = git(root, ['log', '--no-merges', '--format=%h%x09%s', `${base}..HEAD`]).toString();
  return Array.from(log.matchAll(/^(\w+)\t(.*)$/gm), ([, commit = '', subject = '']) =>
    subjectProblems(subject).map((problem) => `${commit} "${subject}": ${problem}`),
  ).flat();
}

if (import.meta.main) await report(() => commitProblems(process.cwd(), BASE));
