import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cephConfig, cephKeyring } from './ceph-config.ts';
import { startDaemon, type Daemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { makeOwnedFolder } from './owned-folder.ts';
import { runProgram } from './run-program.ts';
import type { S3Access, S3Keys } from './s3-client.ts';

/** What the tests need to know of the S3 server that global-setup started. */
export interface GatewayFacts extends S3Access {
  /** A second user, who has no right to the first one's buckets. */
  readonly stranger: S3Keys;
}

/** A running Ceph RADOS Gateway, with a Ceph in memory of its own. */
export interface Gateway extends GatewayFacts {
  /** Ends its processes and removes its folder. Idempotent. */
  stop(): Promise<void>;
}

const PROGRAMS = ['ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin'];
const OWNER: S3Keys = { accessKeyId: 'GATEWAYOWNER', secretAccessKey: 'owner-secret/+=1' };
const STRANGER: S3Keys = { accessKeyId: 'GATEWAYSTRANGER', secretAccessKey: 'stranger-secret/+=2' };
/** radosgw says it by its exit code, and not always in words. */
const PORT_TAKEN = /Address already in use|exit code 98/;
const START_ATTEMPTS = 4;
const READY_WITHIN_MS = 60_000;
const POLL_MS = 50;

/**
 * Starts a private gateway on free ports of loopback, in a new temporary folder. Its processes end with the
 * thread that started them, whatever ends that. When its programs are not installed, that comes back as
 * `unavailable`.
 * @param memoryBytes what it can hold; six gigabytes when not given
 */
export async function startGateway(
  memoryBytes?: number,
): Promise<Gateway | { readonly unavailable: string }> {
  const missing = PROGRAMS.filter(
    (name) => !['/usr/bin', '/usr/sbin'].some((folder) => existsSync(join(folder, name))),
  );
  if (missing.length > 0)
    return {
      unavailable: `Ceph is not whole, ${missing.join(', ')} not installed (apt-get install ceph-mon ceph-osd ceph-common radosgw)`,
    };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnFreePorts(memoryBytes);
    } catch (error) {
      if (attempt === START_ATTEMPTS || !PORT_TAKEN.test(String(error))) throw error;
    }
  }
}

async function startOnFreePorts(memoryBytes: number | undefined): Promise<Gateway> {
  const ports = { monitor: await freePort(), gateway: await freePort() };
  const folder = makeOwnedFolder('geolens-gateway-');
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(folder, name));
  const config = join(folder, 'ceph.conf');
  writeFileSync(config, cephConfig(folder, randomUUID(), ports, memoryBytes));
  writeFileSync(join(folder, 'keyring'), cephKeyring(), { mode: 0o600 });
  const endpoint = `http://127.0.0.1:${ports.gateway}`;
  const daemons: Daemon[] = [];
  const abandon = (): void => {
    process.off('exit', abandon);
    for (const daemon of daemons) daemon.endNow();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  process.once('exit', abandon);
  const stop = async (): Promise<void> => {
    await Promise.all(daemons.map((daemon) => daemon.end()));
    abandon();
  };
  try {
    await startParts(
      folder,
      { PATH: process.env['PATH'], LC_ALL: 'C', CEPH_CONF: config },
      endpoint,
      daemons,
    );
    return { endpoint, ...OWNER, stranger: STRANGER, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Monitor, storage, users, gateway: each needs the one before. Rejects as soon as one of the daemons ends.
 */
async function startParts(
  folder: string,
  env: NodeJS.ProcessEnv,
  endpoint: string,
  daemons: Daemon[],
): Promise<void> {
  const failure = new AbortController();
  const start = (program: string, ...args: string[]): void => {
    const daemon = startDaemon(program, ['-d', ...args], join(folder, `${program}.log`), env);
    daemon.ended.catch((error: unknown) => {
      failure.abort(error);
    });
    daemons.push(daemon);
  };
  const run = (program: string, ...args: string[]): Promise<string> =>
    runProgram(program, args, { env, timeout: READY_WITHIN_MS, signal: failure.signal });
  const addUser = (name: string, { accessKeyId, secretAccessKey }: S3Keys): Promise<string> =>
    run(
      'radosgw-admin',
      'user',
      'create',
      '--uid',
      name,
      '--display-name',
      name,
      '--access-key',
      accessKeyId,
      '--secret-key',
      secretAccessKey,
    );

  const osdId = randomUUID();
  try {
    await run('ceph-mon', '-i', 'a', '--mkfs', '--keyring', join(folder, 'keyring'));
    start('ceph-mon', '-i', 'a');
    await run('ceph', 'osd', 'new', osdId);
    await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdId);
    start('ceph-osd', '-i', '0');
    await addUser('owner', OWNER);
    await addUser('stranger', STRANGER);
    start('radosgw', '-n', 'client.rgw');
    await answering(endpoint, failure.signal);
  } catch (error) {
    failure.signal.throwIfAborted();
    throw error;
  }
}

async function answering(endpoint: string, signal: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + READY_WITHIN_MS;
  while (Date.now() < giveUpAt) {
    if (
      await fetch(endpoint, { signal }).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new Error(`the gateway did not answer at ${endpoint} within a minute`);
}
