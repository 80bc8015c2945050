import type { Archive, ArchiveCheck, Archiver } from '../ports/archiver.ts';
import type { ArtifactContent } from '../ports/artifact-store.ts';
import { chunksOf, readAll } from './sources.ts';

/** An archiver whose archive is the text given, or who has nothing to archive. */
export class FakeArchiver implements Archiver {
  /** What the archive says; undefined where there is nothing to archive. */
  content: string | undefined = 'files';
  /** What was odd while it was made. */
  warning: string | undefined;
  /** What a restore leaves out, or why it unpacks nothing. */
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
