import type { Extension } from '@geolens/backup-core';

/** An extension that a server can make. */
export interface AvailableExtension {
  readonly name: string;
  readonly version: string;
}

/** Answers AvailableExtension. */
export const AVAILABLE_EXTENSIONS =
  'SELECT name, default_version AS version FROM pg_catalog.pg_available_extensions';

export interface ComparedExtensions {
  /** Those that the server does not have. */
  readonly lacking: readonly string[];
  /** Those that it has older than the dump was made with. */
  readonly older: readonly { readonly name: string; readonly before: string; readonly now: string }[];
}

/** Compares the extensions that a dump needs with those of a server. */
export function compareExtensions(
  needed: readonly string[],
  dumped: readonly Extension[],
  available: readonly AvailableExtension[],
): ComparedExtensions {
  const names = [...new Set(needed)];
  const versions = new Map(available.map(({ name, version }) => [name, version]));
  const before = new Map(dumped.map(({ name, version }) => [name, version]));
  const both = names.flatMap((name) => {
    const [was, now] = [before.get(name), versions.get(name)];
    return was === undefined || now === undefined ? [] : [{ name, before: was, now }];
  });
  return {
    lacking: names.filter((name) => !versions.has(name)),
    older: both.filter((one) => isOlder(one.now, one.before)),
  };
}

export function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

/** Extensions that a server makes in one of its databases only, and the settings that name the database. */
export const ONE_DATABASE: Readonly<Record<string, string>> = { pg_cron: 'cron.database_name' };
