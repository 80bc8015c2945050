import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TIERS } from '@geolens/backup-core';
import { idOf, placeOf, without } from '../copies.ts';
import { exactly, type Demand, type Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import { sha256Of, type Model } from '../model.ts';
import { manifestChecksumFits } from '../understand.ts';
import { Hand, type Target } from './hand.ts';
import { Step } from './step.ts';

export class OperatorDeletesArtifact extends Hand {
  protected readonly verb = 'OperatorDeletesArtifact';

  protected async touch(
    { id, copy, kind, path }: Target,
    _model: Model,
    { root }: Installation,
  ): Promise<Demands> {
    await rm(join(root, path));
    return new Map([[id, exactly(without(copy, kind))]]);
  }
}

const OF_NO_MATTER = '"toolVersion": "';

/**
 * In the file itself: where both tiers have one file, both are damaged. Of a manifest, a letter of a field
 * that decides nothing.
 */
export class OperatorFlipsBit extends Hand {
  protected readonly verb = 'OperatorFlipsBit';

  protected async touch(
    { kind, name, path, id }: Target,
    model: Model,
    { root }: Installation,
  ): Promise<Demands> {
    const file = join(root, path);
    const content = await readFile(file);
    const at =
      kind === 'manifest'
        ? content.indexOf(OF_NO_MATTER) + OF_NO_MATTER.length
        : (this.which * 7919) % content.length;
    content[at]! ^= 1;
    await overwrite(file, content);
    const sha256 = sha256Of(content);
    const { timestamp } = placeOf(id);
    const sound =
      kind === 'manifest'
        ? manifestChecksumFits(content.toString())
        : sha256 === model.facts.get(timestamp)?.sha256[kind];
    if (kind === 'manifest') model.withoutManifestChecksum.add(timestamp);
    else if (!sound) model.damaged('local', name, sha256);
    const { ino } = await stat(file);
    const demands = new Map<string, Demand>();
    for (const tier of TIERS) {
      const copy = model.copies.get(idOf({ store: 'local', tier, timestamp }));
      const same = await stat(join(root, tier, name)).then(
        (other) => other.ino === ino,
        () => false,
      );
      if (copy !== undefined && same)
        demands.set(
          idOf({ store: 'local', tier, timestamp }),
          exactly({ ...copy, files: { ...copy.files, [kind]: sound ? 'sound' : 'damaged' } }),
        );
    }
    return demands;
  }
}

async function overwrite(path: string, content: Buffer): Promise<void> {
  await using handle = await open(path, 'r+');
  await handle.write(content, 0, content.length, 0);
}

const FOREIGN = [
  'notes.txt',
  'daily/geolens_20260101.dump',
  'daily/other_20260101_020000.dump',
  'weekly/manifest-20260101_020000.json.bak',
  'daily/staging-20261345_020000.tar.gz',
];

export class OperatorAddsForeignFile extends Step {
  readonly #path: string;

  constructor(which: number) {
    super();
    this.#path = FOREIGN[which % FOREIGN.length]!;
  }

  toString(): string {
    return `OperatorAddsForeignFile(${this.#path})`;
  }

  protected async act(model: Model, { root }: Installation): Promise<Demands> {
    await mkdir(dirname(join(root, this.#path)), { recursive: true });
    await writeFile(join(root, this.#path), 'not ours');
    model.foreign.set(this.#path, 'not ours');
    return new Map();
  }
}
