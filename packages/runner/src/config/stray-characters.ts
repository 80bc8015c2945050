import type { VariableName } from './variables.ts';

/**
 * Secrets that may hold any character and have no form to check. The S3 keys cannot hold line ends. A
 * password can: a server that reads the same file includes them in the password.
 */
const FREE_SECRETS: readonly VariableName[] = [
  'POSTGRES_PASSWORD',
  'S3_ACCESS_KEY_ID',
  'S3_SECRET_ACCESS_KEY',
  'S3_SESSION_TOKEN',
];

/** Texts of several lines, in which invisible characters can be intended. */
const FREE_TEXTS: readonly VariableName[] = [
  'BACKUP_AGE_RECIPIENTS',
  'BACKUP_TRUSTED_KEYS',
  'BACKUP_WEBHOOK_TEMPLATE',
  'BACKUP_RESTORE_TEST_FILES_QUERY',
];

const QUOTES = ['""', "''", '``', '“”', '„“', '‘’'];

/** Characters that editors and other systems leave at the ends of a value. */
const AT_THE_ENDS = /^[\r\n\ufeff]|[\r\n\ufeff]$/;

/** Control, no-break and zero-width characters. Excludes tabs, line ends, and the joiners of some scripts. */
const INVISIBLE = /[^\P{Cc}\t\r\n]|[\u00a0\u00ad\u200b\u200e\u200f\u2028-\u202f\u2060-\u2064\ufeff]/u;

const NAMES: Readonly<Record<string, string>> = {
  '\r': 'a carriage return (a line end of Windows)',
  '\n': 'a line feed',
  '\u00a0': 'a non-breaking space',
  '\u200b': 'a zero-width space',
  '\ufeff': 'a byte order mark',
};

/** Unintended characters, described without the value. */
interface Stray {
  /** One sentence, which begins with the name of the variable. */
  readonly text: string;
  /** Whether the value can be intended nevertheless. */
  readonly doubtful: boolean;
}

/**
 * Returns the unintended characters around or in a value. `undefined` if there are none.
 * @param text the value that the program uses
 */
export function strayCharacters(name: VariableName, text: string): Stray | undefined {
  const free = FREE_SECRETS.includes(name);
  const end = AT_THE_ENDS.exec(text);
  if (end !== null)
    return {
      text: `${name} ${end.index === 0 ? 'begins' : 'ends'} with ${nameOf(end[0])}; remove it`,
      doubtful: name === 'POSTGRES_PASSWORD',
    };
  if (FREE_TEXTS.includes(name)) return undefined;
  if (text.length > 1 && QUOTES.includes(`${text.at(0)}${text.at(-1)}`))
    return {
      text: `${name} begins and ends with quotes: Compose’s list form keeps them; remove the quotes${free ? ' unless they are part of the secret' : ''}`,
      doubtful: free,
    };
  const hidden = INVISIBLE.exec(text);
  return hidden === null
    ? undefined
    : { text: `${name} holds ${nameOf(hidden[0])}; write the value anew by hand`, doubtful: free };
}

function nameOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return NAMES[character] ?? `the invisible character U+${code}`;
}
