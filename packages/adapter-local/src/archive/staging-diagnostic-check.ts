import { constants } from 'node:fs';
import { access, realpath } from 'node:fs/promises';
import { throwIfAborted } from '@geolens/backup-core';
import {
  failedCheck,
  numberText,
  type DiagnosticCheck,
  type DiagnosticResult,
} from '@geolens/backup-core/internal';
import { contentOf } from './folder-content.ts';
import { Omissions, shownPath } from './omissions.ts';
import { bytesOf, walkFolder } from './walk-folder.ts';
import { errnoOf, lstatIfThere } from '@geolens/backup-system';

/** Maximum number of inspected entries: enough to find each writer, and done in a second or two. */
const INSPECTED = 20_000;

const SHOWN = 3;

const SUBJECT = 'staging';

const READ_HINT = 'Give this user the right to read them (in the container: the capability DAC_READ_SEARCH)';

/**
 * Checks whether all entries of the staging folder are readable, and what an archive leaves out. tar, and so
 * the run, fails on the first unreadable file.
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
      return await this.walk(signal);
    } catch (error) {
      throwIfAborted(signal);
      if (errnoOf(error) === 'ENOENT')
        return [{ ...nothing, message: `${folder} does not exist: sets have no staging archive` }];
      return [{ ...failedCheck(SUBJECT, error), hint: READ_HINT }];
    }
  }

  private async walk(signal: AbortSignal): Promise<readonly DiagnosticResult[]> {
    const unreadable: string[] = [];
    let seen = 0;
    let contentBytes = 0;
    const root = (await realpath(this.folder, 'buffer')).toString('latin1');
    const omissions = new Omissions(root);
    for await (const found of walkFolder(root, (path) => unreadable.push(path))) {
      throwIfAborted(signal);
      if (seen >= INSPECTED) break;
      seen += 1;
      await omissions.add(found);
      const { path, entry, isContent } = found;
      if (!isContent || !entry.isFile()) continue;
      const file = bytesOf(root, path);
      if (!(await isReadable(file))) unreadable.push(path);
      contentBytes += (await lstatIfThere(file))?.size ?? 0;
    }
    return [
      { ...this.readability(unreadable, seen), contentBytes },
      ...omissions
        .list(this.folder)
        .map((omission) => ({ subject: SUBJECT, level: 'warn', ...omission }) as const),
    ];
  }

  private readability(unreadable: readonly string[], seen: number): DiagnosticResult {
    const count = `${seen < INSPECTED ? '' : 'the first '}${numberText(seen)} entries`;
    if (unreadable.length === 0)
      return { subject: SUBJECT, level: 'ok', message: `${this.folder}: ${count} can be read` };
    const names = unreadable.slice(0, SHOWN).map((path) => `${this.folder}${shownPath(path.slice(1))}`);
    return {
      subject: SUBJECT,
      level: 'fail',
      message: `${unreadable.length} of ${count} cannot be read, over which a run fails: ${names.join(', ')}${unreadable.length > SHOWN ? ' …' : ''}`,
      hint: READ_HINT,
    };
  }
}

/** Returns whether a file is readable. A file that vanished meanwhile counts as readable. */
async function isReadable(path: Buffer): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    (error: unknown) => errnoOf(error) === 'ENOENT',
  );
}
