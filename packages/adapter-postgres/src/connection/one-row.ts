/**
 * Returns the row of a query that always has one.
 * @throws Error if the server returned none
 */
export function oneRow<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error('the server returned no row for a query that always has one');
  return row;
}
