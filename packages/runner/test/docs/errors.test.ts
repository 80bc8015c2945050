import { expect, it } from 'vitest';
import {
  BackupError,
  ERROR_CODES,
  ERROR_REASONS,
  type ErrorCode,
  type ErrorReason,
} from '@geolens/backup-core';
import { exitCodeOf } from '../../src/exit-code.ts';

const INTRODUCTION = `# Errors

All errors are of one family, [\`BackupError\`](api-report/core.api.md). Each has a **code**, which is stable: programs may branch on it. Its **message** names what failed and why.
The **details** identify the situation, mostly by a \`reason\` of the second table, which is as stable as a code. The **hint** is advice for any program that embeds the library; \`errorText(error)\` returns the message followed by the hint.
The **cause** is kept (\`error.cause\`). Messages and hints may change, and hold no secret.

\`\`\`ts
import { errorText, isBackupError } from '@geolens/backup-core';

if (isBackupError(error, 'STORE_UNAVAILABLE') && error.details.reason === 'bucket-missing') console.error(errorText(error));
\`\`\`

The commands print the message, and what to do in the names of their variables and options.

The exit code is that of a command that ends with this error. A run that made its set, and failed at something after it, ends with 3 whatever that was.

| code | meaning | exit code |
|---|---|---|
`;

function rowOf(code: ErrorCode): string {
  return `| \`${code}\` | ${ERROR_CODES[code]} | ${exitCodeOf(new BackupError(code, ''))} |\n`;
}

it('docs/errors.md has every code and every reason with its meaning (write it anew with `-- -u`)', async () => {
  const codes = Object.keys(ERROR_CODES).sort() as ErrorCode[];
  const reasons = Object.keys(ERROR_REASONS).sort() as ErrorReason[];
  const page = [
    INTRODUCTION,
    ...codes.map(rowOf),
    '\n| reason | hint, unless the error has one of its own |\n|---|---|\n',
    ...reasons.map((reason) => `| \`${reason}\` | ${ERROR_REASONS[reason]} |\n`),
  ];
  await expect(page.join('')).toMatchFileSnapshot('../../../../docs/errors.md');
});
