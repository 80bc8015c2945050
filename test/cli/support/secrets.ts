import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { programsOn } from '../../support/programs-on.ts';

/** What no URL, JSON, shell or HTML holds as it is. */
const AWKWARD = `@/ %2F"ö\\'<&>`;

/**
 * A secret of which every encoding leaves both ends readable, so that a text that holds any form of it, or
 * half of it, holds one of them.
 */
export function secretOf(name: string): string {
  return `Zq${name}Head${AWKWARD}Zq${name}Tail`;
}

/**
 * The ends of all secrets that secretOf makes, of the keys of the gateway, and of PostgreSQL's password
 * hashes.
 */
const TRACES = /.{0,60}(Zq\w+?(Head|Tail)|GATEWAYOWNER|owner-secret|SCRAM-SHA-256\$|p@ss|p%40ss).{0,20}/g;

/** Where secrets show in a text, with what stands around them. */
export function tracesIn(text: string): string[] {
  return text.match(TRACES) ?? [];
}

/** The journal, the lock, the memory of manifests and the manifests themselves. */
export function notesIn(backups: string): string {
  const files = readdirSync(backups, { recursive: true, encoding: 'utf8' }).map((name) =>
    join(backups, name),
  );
  return files
    .filter((path) => statSync(path).isFile() && !/\.dump$|\.tar\.gz$|globals-.*\.sql$/.test(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

/**
 * The command lines of all programs that work on a database while the work goes on; every user of the machine
 * can read them.
 */
export async function commandLinesDuring(database: string, work: Promise<unknown>): Promise<string> {
  const lines = new Set<string>();
  const timer = setInterval(() => {
    for (const line of programsOn(database)) lines.add(line);
  }, 5);
  await work.finally(() => {
    clearInterval(timer);
  });
  return [...lines].join('\n');
}
