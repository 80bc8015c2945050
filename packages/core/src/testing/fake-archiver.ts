import type { Archive, ArchiveCheck, Archiver } from '../ports/archiver.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import { chunksOf, readAll } from './sources.ts';

/** An archiver whose archive is a given text, or that has nothing to archive. */
export class FakeArchiver implements Archiver {
  /** Text of the archive. `undefined` if there is nothing to archive. */
  content: string | undefined = 'files';
  /** Warning of the next archives. Defaults to none. */
  warning: string | undefined;
  /** Members that a restore leaves out, or why it refuses the archive. */
  judgement: Omit<ArchiveCheck, 'members'> = {};

  archive(): Promise<Archive | { readonly nothing: string }> {
    const { content, warning } = this;
    if (content === undefined) return Promise.resolve({ nothing: 'the folder is empty' });
    return Promise.resolve({
      content: chunksOf(content),
      warnings: () => (warning === undefined ? [] : [warning]),
    });
  }

  async check(archive: ArtifactContent): Promise<ArchiveCheck> {
    return { members: (await readAll(archive.open())).length, ...this.judgement };
  }
}
