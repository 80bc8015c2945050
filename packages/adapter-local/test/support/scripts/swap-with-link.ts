import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/*
 * As another user who writes into a folder: puts a symbolic link in the place of its entry `sub` and takes it
 * away again, until the process is ended. Arguments: the folder, another folder of the same file system to
 * keep things in, the target of the link.
 */
const [folder, aside, target] = process.argv.slice(2) as [string, string, string];
const [sub, link, away] = [join(folder, 'sub'), join(aside, 'link'), join(aside, 'away')];
symlinkSync(target, link);
process.stdout.write('ready');
for (;;) {
  try {
    renameSync(sub, away);
    renameSync(link, sub);
    renameSync(sub, link);
    renameSync(away, sub);
  } catch {
    // The folder, or what was in it, has been removed: start again from what is left.
    for (const work of [
      () => {
        symlinkSync(target, link);
      },
      () => {
        renameSync(away, sub);
      },
      () => {
        mkdirSync(sub, { mode: 0o500 });
      },
    ])
      attempt(work);
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Not possible at the moment.
  }
}
