import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { parse, safeParse } from 'valibot';
import { strayCharacters } from './stray-characters.ts';
import {
  isOfApplication,
  namesOf,
  VARIABLES,
  VARIABLE_NAMES,
  type Values,
  type VariableName,
} from './variables.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Origin of a value, for `config`. */
export type Origin = 'default' | 'environment' | 'file' | 'unset' | 'DATABASE_URL';

interface Reading {
  /** Values that could be read. The problems name the other variables. */
  readonly values: Partial<Values>;
  readonly texts: ReadonlyMap<VariableName, string>;
  readonly origins: ReadonlyMap<VariableName, Origin>;
  /** One sentence each, which begins with the name of the variable. */
  readonly problems: readonly string[];
  /** Doubtful values, and problems of values that are meant for another program. Same form as `problems`. */
  readonly warnings: readonly string[];
}

/**
 * Reads every variable, from itself or from the file that its `_FILE` variable names. An empty value means
 * unset, because Compose passes empty values.
 */
export function readEnvironment(env: Environment): Reading {
  const values: Record<string, unknown> = {};
  const texts = new Map<VariableName, string>();
  const origins = new Map<VariableName, Origin>();
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const name of VARIABLE_NAMES) {
    const found = lookUp(name, env);
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    origins.set(name, found.origin);
    if (found.text === undefined) continue;
    // Other systems and manual edits leave white space at the ends. In a secret it can be intended.
    const text = 'secret' in VARIABLES[name] ? found.text : found.text.trim();
    texts.set(name, text);
    const read = safeParse(VARIABLES[name].schema, text);
    const stray = strayCharacters(name, typeof read.output === 'string' ? read.output : text);
    if (stray?.doubtful === true) warnings.push(stray.text);
    if (read.success) values[name] = read.output;
    if (stray?.doubtful === false && !isOfApplication(name)) problems.push(stray.text);
    else if (read.success) continue;
    else if (isOfApplication(name)) {
      const fallback = VARIABLES[name].default;
      warnings.push(
        `${stray?.text ?? `${name}${shown(name, text)} ${read.issues[0].message}`}; ${fallback} is used`,
      );
      origins.set(name, 'default');
      texts.set(name, fallback);
      values[name] = parse(VARIABLES[name].schema, fallback);
    } else problems.push(`${name}${shown(name, text)} ${read.issues[0].message}`);
  }
  return { values: values, texts, origins, problems, warnings };
}

type Found = { readonly text: string | undefined; readonly origin: Origin } | { readonly problem: string };

function lookUp(name: VariableName, env: Environment): Found {
  const [set, ...others] = namesOf(name).filter((one) => given(env[one]) !== undefined);
  if (others.length > 0)
    return {
      problem: `${[set, ...others].join(' and ')} are ${others.length > 1 ? 'all' : 'both'} set; keep one of them`,
    };
  const text = set === undefined ? undefined : given(env[set]);
  if (set !== undefined && text !== undefined)
    return set.endsWith('_FILE') ? fromFile(set, text) : { text, origin: 'environment' };
  const fallback = VARIABLES[name].default;
  return { text: fallback, origin: fallback === undefined ? 'unset' : 'default' };
}

function fromFile(name: string, path: string): Found {
  try {
    const bytes = readFileSync(path);
    if (!isUtf8(bytes) || bytes.includes(0))
      return { problem: `${name} names ${path}, which is not UTF-8 text; save it as UTF-8` };
    const text = bytes.toString('utf8').replace(/\r?\n$/, '');
    if (text === '') return { problem: `${name} names ${path}, which is empty` };
    return { text, origin: 'file' };
  } catch (error) {
    return { problem: `${name} names ${path}, which cannot be read: ${(error as Error).message}` };
  }
}

function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}

function shown(name: VariableName, text: string): string {
  return 'secret' in VARIABLES[name] ? '' : `="${text}"`;
}
