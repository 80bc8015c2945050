/** How many names a message shows. */
const SHOWN = 5;

/** The first names of many, for a message. */
export function namesOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
