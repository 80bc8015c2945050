import { throwIfAborted } from '@geolens/backup-core';
import {
  countText,
  failedCheck,
  type DiagnosticCheck,
  type DiagnosticResult,
} from '@geolens/backup-core/internal';
import { describeEnd, programText, type ProgramEnvironment } from '@geolens/backup-system';
import { checkRecipients, fingerprintOf } from './recipients.ts';

/** The recipients to inspect. */
export interface AgeDiagnosticCheckOptions {
  readonly recipients: readonly string[];
  readonly env: ProgramEnvironment;
}

const PROGRAM = 'age';
const RECIPIENTS = 'age recipients';

/** Checks whether age is installed and encrypts to all recipients, and whether a second recipient exists. */
export class AgeDiagnosticCheck implements DiagnosticCheck {
  private readonly options: AgeDiagnosticCheckOptions;

  constructor(options: AgeDiagnosticCheckOptions) {
    this.options = options;
  }

  async inspect({ signal }: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]> {
    const { recipients, env } = this.options;
    let version: DiagnosticResult;
    try {
      const text = await programText('age', ['--version'], { env, signal }, (end) =>
        end.code === 0 ? undefined : new Error(describeEnd(PROGRAM, end)),
      );
      version = { subject: PROGRAM, level: 'ok', message: `version ${text.trim().replace(/^v/, '')}` };
    } catch (error) {
      throwIfAborted(signal);
      return [failedCheck(PROGRAM, error)];
    }
    try {
      return [version, recipientsResult(await checkRecipients(recipients.join('\n'), env, { signal }))];
    } catch (error) {
      throwIfAborted(signal);
      return [version, failedCheck(RECIPIENTS, error)];
    }
  }
}

function recipientsResult(recipients: readonly string[]): DiagnosticResult {
  const [only, second] = recipients;
  if (only === undefined)
    return { subject: RECIPIENTS, level: 'fail', message: 'there is no recipient to encrypt to' };
  if (second === undefined)
    return {
      subject: RECIPIENTS,
      level: 'warn',
      message: `no second recipient beside ${fingerprintOf(only)}: if its identity is lost, no encrypted set can be restored`,
      hint: 'Add the recipient of a second identity, which is kept elsewhere',
    };
  const names = recipients.map(fingerprintOf).join(', ');
  return {
    subject: RECIPIENTS,
    level: 'ok',
    message: `age encrypts to ${countText(recipients.length, 'recipient')}: ${names}`,
  };
}
