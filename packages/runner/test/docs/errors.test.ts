import { expect, it } from 'vitest';
import { BackupError, ERROR_CODES, type ErrorCode } from '@geolens/backup-core';
import { exitCodeOf } from '../../src/exit-code.ts';

const INTRODUCTION = `# Errors

All errors are of one family, [\`BackupError\`](api/@geolens/backup-core.md#backuperror). Each has a **code**, which is stable: programs may branch on it. Its **message** names what is wrong with which variable, file or server, and ends with the **hint**: what to do about it.
The **cause** is kept (\`error.cause\`). Messages may change, and hold no secret.

\`\`\`ts
import { isBackupError } from '@geolens/backup-core';

if (isBackupError(error, 'STORE_UNAVAILABLE', 'STORE_FORBIDDEN')) console.error(error.hint);
\`\`\`

The exit code is that of a command that ends with this error. A run that made its set, and failed at something after it, ends with 3 whatever that was.

| code | meaning | exit code |
|---|---|---|
`;

function rowOf(code: ErrorCode): string {
  return `| \`${code}\` | ${ERROR_CODES[code]} | ${exitCodeOf(new BackupError(code, ''))} |\n`;
}

it('docs/errors.md has every code, with what it means (write it anew with `-- -u`)', async () => {
  const codes = Object.keys(ERROR_CODES).sort() as ErrorCode[];
  await expect(INTRODUCTION + codes.map(rowOf).join('')).toMatchFileSnapshot('../../../../docs/errors.md');
});
