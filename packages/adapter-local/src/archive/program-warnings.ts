const SHOWN_WARNINGS = 20;

/** What tar said on stderr, a warning for each line, of which many are shortened to some. */
export function warningsIn(stderr: string): readonly string[] {
  const said = stderr.split('\n').filter((line) => line !== '');
  if (said.length <= SHOWN_WARNINGS) return said;
  return [...said.slice(0, SHOWN_WARNINGS), `tar: and ${said.length - SHOWN_WARNINGS} more such files`];
}
