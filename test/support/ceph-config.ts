import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

export interface CephPorts {
  readonly monitor: number;
  readonly gateway: number;
}

/** What it can hold unless told otherwise. */
const MEMORY_BYTES = 6 * 1024 ** 3;

/**
 * The configuration of a Ceph of one monitor and one storage daemon that keeps everything in memory, with an
 * S3 gateway, on loopback. It decides at once, instead of gathering changes for a second first.
 */
export function cephConfig(
  folder: string,
  clusterId: string,
  { monitor, gateway }: CephPorts,
  memoryBytes = MEMORY_BYTES,
): string {
  const monitorAddress = `v2:127.0.0.1:${monitor}/0`;
  const settings: Readonly<Record<string, string | number | boolean>> = {
    fsid: clusterId,
    'mon host': monitorAddress,
    'public addr': '127.0.0.1',
    'cluster addr': '127.0.0.1',
    keyring: join(folder, 'keyring'),
    'ms bind retry delay': 0,
    'admin socket': '',
    'log file': '',
    'debug rocksdb': 0,
    'crash dir': folder,
    'mon data': join(folder, 'mon'),
    'mon allow pool size one': true,
    'mon warn on pool no redundancy': false,
    'paxos propose interval': 0.02,
    'paxos min wait': 0.01,
    'osd data': join(folder, 'osd'),
    'osd objectstore': 'memstore',
    'memstore device bytes': memoryBytes,
    'osd crush chooseleaf type': 0,
    'osd pool default size': 1,
    'osd pool default min size': 1,
    'osd pool default pg num': 4,
    'osd pool default pgp num': 4,
    'osd pool default pg autoscale mode': 'off',
    'rgw data': join(folder, 'rgw'),
    'rgw frontends': `beast endpoint=127.0.0.1:${gateway} tcp_nodelay=1`,
    // What was deleted gives its memory back while the tests still run.
    'rgw gc obj min wait': 30,
    'rgw gc processor period': 15,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
  return `[global]\n${lines.join('')}[mon.a]\npublic addr = ${monitorAddress}\n`;
}

/** Keys of all parts, who all may do everything. */
export function cephKeyring(): string {
  const caps = ['mon', 'osd', 'mgr'].map((part) => `caps ${part} = "allow *"\n`).join('');
  return ['mon.', 'osd.0', 'client.admin', 'client.rgw']
    .map((name) => `[${name}]\nkey = ${newKey()}\n${caps}`)
    .join('');
}

/** Ceph's form of an AES key: type, time of making, length, key. */
function newKey(): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString('base64');
}
