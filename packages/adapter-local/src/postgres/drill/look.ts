import type pg from 'pg';
import { configure } from '../configure.ts';
import { lookAtConstraints } from './constraints.ts';
import { askForFiles } from './files-query.ts';
import { together, type Findings } from './findings.ts';
import { lookAtIndexes } from './indexes.ts';
import { askSpatially } from './spatial-queries.ts';

/** Whatever the restored database is set to by itself. */
const UNHINDERED = { statement_timeout: '0', lock_timeout: '0', transaction_timeout: '0', idle_in_transaction_session_timeout: '0', row_security: 'off' };

export interface Seen extends Findings {
  /** What could not be asked, one sentence each. */
  readonly unanswered: readonly string[];
  /** Undefined where nobody has said how to ask for them, or the question failed. */
  readonly files: readonly string[] | undefined;
}

/** Looks at a restored database: whether it is whole, beyond its rows, and answers. */
export async function look(client: pg.Client, filesQuery: string | undefined): Promise<Seen> {
  await configure(client, UNHINDERED);
  const findings = together([await lookAtIndexes(client), await lookAtConstraints(client), await askSpatially(client)]);
  if (filesQuery === undefined) return { ...findings, unanswered: [], files: undefined };
  const files = await askForFiles(client, filesQuery);
  return 'problem' in files ? { ...findings, unanswered: [files.problem], files: undefined } : { ...findings, unanswered: [], files };
}
