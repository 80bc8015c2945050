import ts from 'typescript';

/** A text has a letter beside a space. A literal without one is a value of the program. */
const TEXT = /[a-z] | [a-z]/i;
const INLINE_CODE = /`[^`\n]+`|\{@\w+ [^}\n]*\}/g;
const COMMENT_MARKS = /\/\*+|^\s*\*+\/?|\*+\/|\/\/+/gm;
const LITERAL_MARKS = /^['"`}]|(?:['"`]|\$\{)$|\\./g;

/**
 * Returns the prose of a file: Markdown, comments, and string literals of TypeScript. Every character keeps its
 * place: code becomes spaces, inline code within prose underscores. `undefined` for other files.
 */
export function extractProse(path: string, source: string): string | undefined {
  if (path.endsWith('.md')) return maskInlineCode(source);
  if (/\.(sh|ya?ml)$/.test(path)) return source.replace(/^.*$/gm, commentOfLine);
  return /\.(ts|mjs|js)$/.test(path) ? proseOfScript(path, source) : undefined;
}

/** Replaces every character but line ends. */
export function mask(text: string, by = ' '): string {
  return text.replace(/[^\n]/g, by);
}

function maskInlineCode(text: string): string {
  return text.replace(INLINE_CODE, (code) => mask(code, '_'));
}

function commentOfLine(line: string): string {
  const start = line.search(/(?<=^|\s)#+\s/);
  return start < 0 ? mask(line) : mask(line.slice(0, start)) + maskInlineCode(line.slice(start));
}

/** What stands before a token is space and comments. */
function proseOfScript(path: string, source: string): string {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  let prose = '';
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(file).filter((child) => !ts.isJSDoc(child));
    children.forEach(visit);
    if (children.length > 0) return;
    const token = node.getText(file);
    const comments = source.slice(prose.length, node.getStart(file));
    prose += maskInlineCode(comments.replace(COMMENT_MARKS, (marks) => mask(marks)));
    prose +=
      path.endsWith('.ts') && isLiteral(node) && TEXT.test(token)
        ? token.replace(LITERAL_MARKS, (marks) => mask(marks))
        : mask(token);
  };
  visit(file);
  return prose;
}

function isLiteral(node: ts.Node): boolean {
  return ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node);
}
