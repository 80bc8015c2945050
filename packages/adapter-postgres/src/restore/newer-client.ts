/** The only setting of a pg_restore that servers before 17 do not support. */
const SETTING = 'transaction_timeout';
const STATEMENT = `SET ${SETTING} = 0;\n`;

const FIRST_TO_KNOW_IT = 17;

/** Number of bytes to search: the statement is one of the first. */
const HEAD_BYTES = 4096;

/** Returns whether it is the error of a server without this setting. */
export function isSettingOfNewerClient(error: string): boolean {
  return error.startsWith(
    `could not execute query: ERROR:  unrecognized configuration parameter "${SETTING}"`,
  );
}

/** Returns SQL text of a pg_restore for a server of this version. */
function understoodBy(serverMajor: number, sql: string): string {
  return serverMajor >= FIRST_TO_KNOW_IT ? sql : sql.replace(`\n${STATEMENT}`, '\n');
}

/** Applies `understoodBy` to the output of a running pg_restore. */
export async function* streamUnderstoodBy(
  serverMajor: number,
  sql: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let head: Uint8Array[] | undefined = serverMajor >= FIRST_TO_KNOW_IT ? undefined : [];
  const understood = (chunks: readonly Uint8Array[]): Uint8Array =>
    Buffer.from(understoodBy(serverMajor, Buffer.concat(chunks).toString('latin1')), 'latin1');
  for await (const chunk of sql) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head.push(chunk);
    if (head.reduce((bytes, { length }) => bytes + length, 0) < HEAD_BYTES) continue;
    yield understood(head);
    head = undefined;
  }
  if (head !== undefined) yield understood(head);
}
