import pg from 'pg';
import { reportLocally } from './local-report.ts';
import { withoutValues } from './server-message.ts';

/** An error of a server, without fields that may hold values. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  /** SQLSTATE. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Converts an error of a server to a ServerError; returns other errors unchanged. */
export function errorWithoutValues(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  return new ServerError(error.code ?? '', messageWithoutValues(error));
}

/** Fields of an error or a notice that the client receives. */
export type ClientMessage = Partial<
  Pick<
    pg.DatabaseError,
    | 'code'
    | 'detail'
    | 'hint'
    | 'where'
    | 'routine'
    | 'internalQuery'
    | 'schema'
    | 'table'
    | 'column'
    | 'dataType'
    | 'constraint'
  >
> & { readonly message?: string | undefined };

/** Returns the message without values. The full text goes to the local report. */
export function messageWithoutValues(said: ClientMessage): string {
  const message = said.message ?? '';
  const short = withoutValues({ ...said, message, state: said.code, context: said.where });
  if (short !== message || said.detail !== undefined || said.where !== undefined)
    reportLocally(fullText(said, message));
  return short;
}

/** Formats a message as psql does. */
function fullText({ code, detail, hint, internalQuery, where }: ClientMessage, message: string): string {
  const fields = { DETAIL: detail, HINT: hint, QUERY: internalQuery, CONTEXT: where };
  const lines = Object.entries(fields).map(([label, text]) => (text ? `\n${label}:  ${text}` : ''));
  return `${code ?? ''}: ${message}${lines.join('')}`;
}
