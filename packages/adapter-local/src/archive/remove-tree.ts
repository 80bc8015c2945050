import type { FolderHandle } from './folder-handle.ts';

/**
 * Removes all that is in a folder, also read-only folders, and names that are not text. Entries that other
 * users replace meanwhile cannot redirect it: it enters folders only, by handles, and follows no link.
 * @throws EBUSY if another file system is mounted inside; its content is left alone
 */
export async function removeContent(folder: FolderHandle): Promise<void> {
  await removeOn((await folder.stat()).dev, folder);
}

async function removeOn(device: number, folder: FolderHandle): Promise<void> {
  const { dev, mode } = await folder.stat();
  if (dev !== device)
    throw Object.assign(new Error(`EBUSY: something is mounted there, '${folder.label}'`), {
      code: 'EBUSY',
      syscall: 'rmdir',
    });
  // Before the first removal, for root too: root without the capability DAC_OVERRIDE needs the permission.
  if ((mode & 0o700) !== 0o700) await folder.chmod(0o700);
  for (const entry of await folder.entries()) {
    if (!entry.isDirectory()) {
      await folder.unlink(entry.name);
      continue;
    }
    await using inner = await folder.enter(entry.name);
    await removeOn(device, inner);
    await folder.rmdir(entry.name);
  }
}
