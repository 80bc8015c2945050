import { readFileSync } from 'node:fs';

const DOCS = new URL('../../../docs/', import.meta.url);

export type Page = 'runbook.md' | 'geolens.md';
/**
 * The folder that a command is typed in, or whose `.env` lines are meant: that of GeoLens, or the clone of
 * this repository.
 */
export type Place = 'geolens' | 'backup';
/** A block of a page: lines for an `.env`, or commands. */
export type Block =
  | { readonly place: Place; readonly env: Readonly<Record<string, string>> }
  | { readonly commands: readonly { readonly place: Place; readonly text: string }[] };

/** Returns the blocks below a heading of a page in docs/, in their order. */
export function blocksOf(page: Page, heading: string): readonly Block[] {
  const section = sections(page).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`${page} has no section "${heading}"`);
  return blocks(section).map(([language, text]) => {
    const lines = text.split('\n').filter(Boolean);
    return language === 'sh' ? settings(lines) : { commands: lines.map((line) => command(line)) };
  });
}

/** Returns the headings of a page that have something to type. */
export function headingsOf(page: Page): readonly string[] {
  return sections(page)
    .filter((text) => blocks(text).length > 0)
    .map((text) => text.slice(0, text.indexOf('\n')));
}

function sections(page: Page): string[] {
  return readFileSync(new URL(page, DOCS), 'utf8').split(/^## /m).slice(1);
}

function blocks(section: string): [language: string, text: string][] {
  return [...section.matchAll(/^```(sh|console)\n(.*?)^```$/gms)].map(([, language, text]) => [
    language!,
    text!,
  ]);
}

function settings([file, ...lines]: readonly string[]): Block {
  const place = /^# (geolens|geolens-backup)\/\.env$/.exec(file!)?.[1];
  if (place === undefined)
    throw new Error(`the first line of a block of settings names its .env, not ${file!}`);
  return {
    place: place === 'geolens' ? 'geolens' : 'backup',
    env: Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    ),
  };
}

function command(line: string): { place: Place; text: string } {
  const [, place, text] = /^(geolens|backup)\$ (.*)$/.exec(line) ?? [];
  if (text === undefined) throw new Error(`a command begins with geolens$ or backup$, unlike ${line}`);
  return { place: place as Place, text };
}
