/**
 * Returns a group that takes part in every match of its expression.
 * @throws TypeError if the expression has no such group
 */
export function group(match: RegExpExecArray, index: number): string {
  const text = match[index];
  if (text === undefined) throw new TypeError(`an expression matched without its group ${index}`);
  return text;
}
