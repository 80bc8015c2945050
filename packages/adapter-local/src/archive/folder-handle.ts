import { constants, type Dirent, type Stats } from 'node:fs';
import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  rename,
  rmdir,
  unlink,
  utimes,
  type FileHandle,
} from 'node:fs/promises';
import { lstatIfThere, errnoOf, flushFolder } from '@geolens/backup-system';
import { contentOf, pathIn, type FolderContent } from './folder-content.ts';

/** `O_PATH` of Linux, which Node does not export. Opens a folder without permissions to change its mode. */
const O_PATH = 0o10000000;

const FLAGS = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * An open folder. All operations use its descriptor (`/proc/self/fd/N`). So another user who renames or
 * replaces a folder in the path cannot redirect them. No operation follows a symbolic link in the last
 * component. Errors name the folder by its label.
 */
export class FolderHandle implements AsyncDisposable {
  /** Path that opened the folder. It may point to another folder by now. */
  readonly label: string;
  private readonly handle: FileHandle;

  private constructor(handle: FileHandle, label: string) {
    this.handle = handle;
    this.label = label;
  }

  /** @throws ENOTDIR if the path is a symbolic link or not a folder */
  static async open(path: string): Promise<FolderHandle> {
    return new FolderHandle(await open(path, FLAGS), path);
  }

  get fd(): number {
    return this.handle.fd;
  }

  /** Opens a subfolder. */
  async enter(name: string | Buffer): Promise<FolderHandle> {
    return new FolderHandle(await this.named(open(this.at(name), FLAGS)), `${this.label}/${name.toString()}`);
  }

  /** Opens a subfolder; `undefined` if the name does not exist or is a file or a link. */
  async enterIfThere(name: string | Buffer): Promise<FolderHandle | undefined> {
    return this.enter(name).catch((error: unknown) => {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error;
      return undefined;
    });
  }

  async stat(): Promise<Stats> {
    return this.handle.stat();
  }

  /** Returns the inode number in decimal digits: it may exceed the range of safe integers. */
  async inode(): Promise<string> {
    return (await this.handle.stat({ bigint: true })).ino.toString();
  }

  async content(): Promise<FolderContent> {
    return this.named(contentOf(this.path));
  }

  async entries(): Promise<readonly Dirent<Buffer>[]> {
    return this.named(readdir(this.path, { encoding: 'buffer', withFileTypes: true }));
  }

  async lstatIfThere(name: string | Buffer): Promise<Stats | undefined> {
    return this.named(lstatIfThere(this.at(name)));
  }

  async mkdir(name: string): Promise<void> {
    await this.named(mkdir(this.at(name), { mode: 0o700 }));
  }

  async rmdir(name: string | Buffer): Promise<void> {
    await this.named(rmdir(this.at(name)));
  }

  async unlink(name: string | Buffer): Promise<void> {
    await this.named(unlink(this.at(name)));
  }

  async rename(name: string | Buffer, to: FolderHandle, newName = name): Promise<void> {
    await this.named(to.named(rename(this.at(name), to.at(newName))));
  }

  async chmod(mode: number): Promise<void> {
    await this.named(chmod(this.path, mode));
  }

  async chown(uid: number, gid: number): Promise<void> {
    await this.named(chown(this.path, uid, gid));
  }

  async utimes(atime: Date | number, mtime: Date | number): Promise<void> {
    await this.named(utimes(this.path, atime, mtime));
  }

  async flush(): Promise<void> {
    await this.named(flushFolder(this.path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }

  private get path(): string {
    return `/proc/self/fd/${this.handle.fd}`;
  }

  private at(name: string | Buffer): Buffer {
    if (!isComponent(Buffer.from(name))) throw new TypeError(`not the name of an entry: ${name.toString()}`);
    return pathIn(this.path, name);
  }

  private async named<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof Error)
        error.message = error.message.replace(new RegExp(`${this.path}(?!\\d)`, 'g'), () => this.label);
      throw error;
    }
  }
}

/** Returns whether a name is an entry of a folder, and not the folder itself or a path outside it. */
export function isComponent(name: Buffer): boolean {
  const text = name.toString('latin1');
  return text !== '' && text !== '.' && text !== '..' && !/[/\0]/.test(text);
}
