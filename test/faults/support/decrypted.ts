import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import type { Keys } from '../../adapter-age/support/keys.ts';
import type { Place, ReadArtifact, Shelf } from './place.ts';

/**
 * A place of encrypted sets, as Debian's age decrypts them: the names and contents of the plain sets.
 */
export function decrypted(place: Place, { identity }: Keys): Place {
  const known = new Map<string, ReadArtifact>();
  const open = async (encrypted: ReadArtifact): Promise<ReadArtifact> => {
    const before = known.get(encrypted.sha256);
    if (before !== undefined) return before;
    const input = await encrypted.content();
    const read = readOf(decrypt(input, identity.reveal()));
    known.set(encrypted.sha256, read);
    return read;
  };
  const inspect = async (): Promise<Shelf> => {
    const shelf = await place.inspect();
    return {
      artifact: async (tier, name) => {
        const [plain, encrypted] = [
          await shelf.artifact(tier, name),
          await shelf.artifact(tier, `${name}.age`),
        ];
        if (!name.startsWith('manifest-')) {
          if (plain !== undefined) throw new Error(`${tier}/${name} is in ${place.store} in plain form`);
          return encrypted && open(encrypted);
        }
        // The part of the manifest that listing needs makes the set.
        return plain && encrypted && open(encrypted);
      },
    };
  };
  return { store: place.store, inspect };
}

function decrypt(input: Buffer, identity: string): Buffer {
  const script = 'exec 4<&0; printf "%s\\n" "$IDENTITY" | age -d -i /dev/fd/5 5<&0 <&4';
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    input,
    env: { ...process.env, IDENTITY: identity },
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`age does not open it: ${stderr.toString()}`);
  return stdout;
}

function readOf(content: Buffer): ReadArtifact {
  return {
    bytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
    content: () => Promise.resolve(content),
  };
}
