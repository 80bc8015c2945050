import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { placeOf, without, type Copy, type SetKind } from '../copies.ts';
import { either, exactly, type Demand, type Demands } from '../demands.ts';
import type { Installation } from '../installation.ts';
import { sha256Of, type Model } from '../model.ts';
import { Hand, type Target } from './hand.ts';

export class BucketCopyDamaged extends Hand {
  readonly #gone: boolean;

  constructor(which: number, gone: boolean) {
    super(which, 's3');
    this.#gone = gone;
  }

  protected get verb(): string {
    return this.#gone ? 'BucketCopyLosesArtifact' : 'BucketCopyDamaged';
  }

  protected override readonly subjects = (kind: SetKind): boolean => this.#gone || kind !== 'manifest';

  protected async touch(
    { id, copy, kind, name, path }: Target,
    model: Model,
    { prefix, lane: { bucket } }: Installation,
  ): Promise<Demands> {
    const key = `${prefix}/${path}`;
    if (this.#gone) {
      await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }));
      return new Map([[id, knownOrNot(without(copy, kind))]]);
    }
    const content = await bucket.get(key);
    content[(this.which * 7919) % content.length]! ^= 1;
    await bucket.put(key, content);
    const sha256 = sha256Of(content);
    const sound = kind !== 'manifest' && sha256 === model.facts.get(placeOf(id).timestamp)?.sha256[kind];
    if (!sound) model.damaged('s3', name, sha256);
    return new Map([
      [id, knownOrNot({ ...copy, files: { ...copy.files, [kind]: sound ? 'sound' : 'damaged' } })],
    ]);
  }
}

/** Whether the copy is known to be replaced depends on what is recorded of its objects. */
function knownOrNot(copy: Copy | undefined): Demand {
  if (copy === undefined) return exactly(undefined);
  return either(exactly({ ...copy, bad: false }), exactly({ ...copy, bad: true }));
}
