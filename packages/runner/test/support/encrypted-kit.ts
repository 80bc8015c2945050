import { EncryptedStore } from '@geolens/backup-core';
import { FakeCipher, MemoryStore } from '@geolens/backup-core/testing';
import { run } from '../../src/commands/run.ts';
import type { Services } from '../../src/services.ts';
import { commandKit, type CommandKit } from './command-kit.ts';

/** Recipients of the sets. The identity of the first one is given. */
export const RECIPIENTS = ['alice', 'escrow'];

/** A set on the volume, and its encrypted copy on a replica. */
export async function encryptedKit(
  identities: readonly string[] = ['alice'],
  bucket = new MemoryStore('s3'),
): Promise<CommandKit & { readonly bucket: MemoryStore; readonly services: Services }> {
  const cipher = new FakeCipher(RECIPIENTS, identities);
  const primary = new MemoryStore('local');
  const kit = await commandKit(primary, [new EncryptedStore(bucket, cipher)], cipher);
  const services: Services = { ...kit.context.services, stores: [primary, bucket] };
  const context = { ...kit.context, services };
  await run(context, { json: false });
  Object.assign(kit.output, { said: '', logged: '' });
  return { ...kit, context, bucket, services };
}
