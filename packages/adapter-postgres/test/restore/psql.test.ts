import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runSql } from '../../src/restore/psql.ts';
import { failure } from '../../../system/test/support/failure.ts';
import { freshFolder } from '../../../system/test/support/folders.ts';
import { env } from '../../../system/test/support/search-path.ts';

/** A psql that reads its input, says this on stderr, and ends with this code. */
async function psqlSaying(said: string, code: number): Promise<string> {
  const path = join(await freshFolder(), 'psql');
  await writeFile(join(path, '..', 'said'), said);
  await writeFile(path, `#!/bin/sh\ncat >/dev/null; cat "$(dirname "$0")/said" >&2; exit ${code}\n`, {
    mode: 0o755,
  });
  return path;
}

const run = async (said: string, code: number): ReturnType<typeof runSql> =>
  runSql('SELECT 1;', 'work', {
    psql: await psqlSaying(said, code),
    env,
    signal: new AbortController().signal,
  });

describe('what the server says through psql', () => {
  it('is judged by its SQLSTATE, in any language', async () => {
    expect(
      await run(
        'psql:<stdin>:3: WARNUNG:  01007: keine Privilegien wurden gewährt\nORT:  x, y.c:1\nHINWEIS:  00000: nur so\n',
        0,
      ),
    ).toEqual([
      { level: 'WARNING', state: '01007', message: 'keine Privilegien wurden gewährt' },
      { level: 'WARNING', state: '00000', message: 'nur so' },
    ]);
  });

  it('is, when it ended the work, reported without the values of its detail and with a hint, whatever was passed over before', async () => {
    const said =
      'WARNING:  42883: function f() does not exist\nERROR:  23503: insert or update on table "t" violates foreign key constraint "k"\nDETAIL:  Key (a)=(1) is not present.\nLOCATION:  ri_x, ri.c:1\n';
    expect(await failure('RESTORE_FAILED', run(said, 3))).toMatchObject({
      code: 'RESTORE_FAILED',
      message:
        'work failed: insert or update on table "t" violates foreign key constraint "k" (SQLSTATE 23503 foreign_key_violation)',
      hint: 'Restore the other table too, or remove the rows that would point at nothing',
    });
  });

  it('may be nothing: then the end of psql itself is told', async () => {
    expect(await failure('RESTORE_FAILED', run('', 2))).toMatchObject({
      message: expect.stringContaining('psql exited with 2') as string,
    });
  });
});
