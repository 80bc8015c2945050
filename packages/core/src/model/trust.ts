import type { RunTimestamp } from './timestamp.ts';
import { signText, verifySignature, type PublicKey, type SigningKey } from './minisign.ts';

/** What a signature binds a manifest to. */
export interface SignedSet {
  readonly timestamp: RunTimestamp;
  readonly database: string;
}

/** Judges which sets are of this installation. */
export interface TrustPolicy {
  /**
   * Returns why a manifest is not trusted. `undefined` if it is.
   * @param signature text of the signature file. `undefined` if there is none
   */
  whyUntrusted(manifest: string, signature: string | undefined, set: SignedSet): string | undefined;
}

/** Signs manifests. */
export interface ManifestSigner {
  /** Returns the text of the signature file. */
  sign(manifest: string, set: SignedSet): string;
}

/** Returns a signer. The name of the installation distinguishes those that share a key. */
export function manifestSigner(key: SigningKey, installation: string): ManifestSigner {
  return { sign: (manifest, set) => signText(manifest, commentOf(set, installation), key) };
}

/** Returns the policy to trust sets of one installation, signed by any of the keys. */
export function trustKeys(keys: readonly PublicKey[], installation: string): TrustPolicy {
  return {
    whyUntrusted: (manifest, signature, set) => {
      if (signature === undefined) return 'it is not signed';
      const found = verifySignature(manifest, signature, keys);
      if ('problem' in found) return found.problem;
      const expected = commentOf(set, installation);
      return found.trustedComment === expected
        ? undefined
        : `its signature is that of another set or installation: ${found.trustedComment}`;
    },
  };
}

/** Returns the trusted comment of a set, in printable ASCII. */
function commentOf({ timestamp, database }: SignedSet, installation: string): string {
  return `geolens-backup set ${timestamp} of database ${quoted(database)} of installation ${quoted(installation)}`;
}

function quoted(text: string): string {
  const escaped = (character: string): string =>
    `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replaceAll(/[^ -~]/g, escaped);
}
