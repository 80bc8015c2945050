/** What a verbose pg_restore with one session writes at the beginning of each entry. */
const ENTRY_IN_ONE_SESSION = /^pg_restore: (?:creating|processing data for|executing) /;

/** Returns whether a line of a verbose pg_restore with one session names the entry that it begins with. */
export function isEntry(line: string): boolean {
  return ENTRY_IN_ONE_SESSION.test(line);
}
