// Codes are compared, for every listing reads every character of every manifest.
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = [0x5b, 0x7b] as const;
const CLOSE = [0x5d, 0x7d] as const;

/** Maximum nesting. A manifest has five levels. */
const DEEPEST = 16;

/** Maximum number of values and names. A manifest has four for each table, in a hundred bytes. */
const MOST_PARTS = 250_000;

/** Maximum number of different field names. A manifest has fifty. */
const MOST_NAMES = 500;

/**
 * Returns why a JSON text can be neither a manifest nor a state file, such as an exceeded bound. `undefined`
 * if no reason is found. Needs little memory, unlike parsing: millions of empty lists take a gigabyte. Does
 * not check whether the text is valid JSON.
 */
export function jsonBoundsProblem(text: string): string | undefined {
  /** Field names of each open object. */
  const open: (Set<string> | undefined)[] = [];
  const names = new Set<string>();
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const opens = code === OPEN[0] || code === OPEN[1];
    if (opens || code === COMMA) {
      if (opens) open.push(undefined);
      if (open.length > DEEPEST) return `is nested more than ${DEEPEST} levels deep`;
      parts += 1;
      if (parts > MOST_PARTS) return `has more than ${MOST_PARTS} values`;
    } else if (code === CLOSE[0] || code === CLOSE[1]) open.pop();
    if (code !== QUOTE) continue;
    const end = endOfString(text, at);
    if (open.length > 0 && isName(text, end)) {
      const fields = (open[open.length - 1] ??= new Set());
      const name = text.slice(at, end);
      if (name.includes('\\') || name === '"__proto__"') return `has a field of the name ${shown(name)}`;
      if (fields.has(name)) return `has the field ${shown(name)} twice`;
      fields.add(name);
      if (names.add(name).size > MOST_NAMES) return `has fields of more than ${MOST_NAMES} names`;
    }
    at = end - 1;
  }
  return undefined;
}

/**
 * Returns the position after the string that begins at `start`; the end of the text if the string is not
 * closed.
 */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return text.length;
}

function isName(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? '.')) at += 1;
  return text.charCodeAt(at) === COLON;
}

function shown(name: string): string {
  return name.length > 50 ? `${name.slice(0, 50)}…` : name;
}
