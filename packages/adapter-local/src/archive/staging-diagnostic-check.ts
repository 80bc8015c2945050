import { constants } from 'node:fs';
import { access, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  failedCheck,
  numberText,
  throwIfAborted,
  type DiagnosticCheck,
  type DiagnosticResult,
} from '@geolens/backup-core';
import { contentOf } from './folder-content.ts';
import { errnoOf } from '@geolens/backup-system';

/** So many entries are looked at: enough to meet whoever writes there, and over in a second or two. */
const INSPECTED = 20_000;

const SHOWN = 3;

const SUBJECT = 'staging';

const READ_HINT = 'Give this user the right to read them (in the container: the capability DAC_READ_SEARCH)';

/**
 * Looks whether everything in the staging folder can be read: tar fails over the first file that cannot, and
 * the run with it.
 */
export class StagingDiagnosticCheck implements DiagnosticCheck {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  async inspect({ signal }: { readonly signal: AbortSignal }): Promise<readonly DiagnosticResult[]> {
    const { folder } = this;
    const nothing = {
      subject: SUBJECT,
      level: 'warn',
      hint: 'Mount the volume of the uploaded files there; where there is none, nothing has to be done',
    } as const;
    try {
      const { content } = await contentOf(folder);
      if (content.length === 0)
        return [{ ...nothing, message: `${folder} is empty: sets have no staging archive` }];
      return [await this.walk(signal)];
    } catch (error) {
      throwIfAborted(signal);
      if (errnoOf(error) === 'ENOENT')
        return [{ ...nothing, message: `${folder} does not exist: sets have no staging archive` }];
      return [{ ...failedCheck(SUBJECT, error), hint: READ_HINT }];
    }
  }

  private async walk(signal: AbortSignal): Promise<DiagnosticResult> {
    const unreadable: string[] = [];
    let seen = 0;
    const folders = [this.folder];
    for (let folder = folders.pop(); folder !== undefined && seen < INSPECTED; folder = folders.pop()) {
      throwIfAborted(signal);
      if (!(await isReadable(folder, constants.R_OK | constants.X_OK))) {
        unreadable.push(folder);
        continue;
      }
      for await (const entry of await opendir(folder)) {
        seen += 1;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) folders.push(path);
        else if (entry.isFile() && !(await isReadable(path, constants.R_OK))) unreadable.push(path);
        if (seen >= INSPECTED) break;
      }
    }
    const all = seen < INSPECTED;
    const count = `${all ? '' : 'the first '}${numberText(seen)} entries`;
    if (unreadable.length === 0)
      return { subject: SUBJECT, level: 'ok', message: `${this.folder}: ${count} can be read` };
    const names = unreadable.slice(0, SHOWN).join(', ');
    return {
      subject: SUBJECT,
      level: 'fail',
      message: `${unreadable.length} of ${count} cannot be read, over which a run fails: ${names}${unreadable.length > SHOWN ? ' …' : ''}`,
      hint: READ_HINT,
    };
  }
}

/** What vanished meanwhile is no hindrance. */
async function isReadable(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    (error: unknown) => errnoOf(error) === 'ENOENT',
  );
}
