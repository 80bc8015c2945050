import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The Debian mirror that this machine's apt uses, read from its sources (`.sources` and `.list`).
 * Undefined when apt names none, as on Ubuntu.
 */
export function debianMirror(aptDir = '/etc/apt'): string | undefined {
  const files = ['sources.list', ...inFolder(aptDir, 'sources.list.d')]
    .map((name) => join(aptDir, name))
    .filter((file) => existsSync(file));
  return files
    .flatMap((file) => addresses(readFileSync(file, 'utf8')))
    .find((address) => /\/debian\/?$/.test(address));
}

/**
 * The snippets of apt's configuration that say how to reach a mirror (proxies, checks), by name; hooks and
 * clean-ups are left out.
 */
export function aptSettings(aptDir = '/etc/apt'): Map<string, string> {
  const files = ['apt.conf', ...inFolder(aptDir, 'apt.conf.d')].filter((name) =>
    existsSync(join(aptDir, name)),
  );
  const settings = files.map((name): [string, string] => [
    name.replace('apt.conf.d/', ''),
    readFileSync(join(aptDir, name), 'utf8'),
  ]);
  return new Map(settings.filter(([, text]) => /^\s*Acquire::/m.test(text) && !/-Invoke|\bDir::/.test(text)));
}

function inFolder(aptDir: string, folder: string): string[] {
  const path = join(aptDir, folder);
  return existsSync(path)
    ? readdirSync(path)
        .sort()
        .map((name) => join(folder, name))
    : [];
}

function addresses(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(deb\s|URIs:)/i.test(line));
  return lines.flatMap((line) => line.split(/\s+/)).filter((word) => /^https?:\/\//.test(word));
}
