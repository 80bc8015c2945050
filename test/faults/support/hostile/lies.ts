import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../support/random.ts';
import type { S3Operation } from '../../../support/s3-operation.ts';
import { bytes, damaged } from '../fuzz.ts';
import { listed, xml, type Lie, type Reply } from './hostile-bucket.ts';
import { moment } from './shelves.ts';
import type { Arena } from './arena.ts';

const MIB = 1024 * 1024;
const ENDLESS_BYTES = 400 * MIB;
/** Pages of a listing without end; each costs a request. */
const ENDLESS_PAGES = 100_000;
const KEYS_OF_PAGE = 1000;
const ONE_BYTE = Buffer.from('x');
const DRIP_MS = 200;
const DRIPS = 30;

const OPERATIONS: readonly (S3Operation | undefined)[] = [
  undefined,
  'ListObjectsV2',
  'GetObject',
  'GetObject',
  'HeadObject',
  'PutObject',
  'CopyObject',
  'ListMultipartUploads',
];

/** Listings that are not what is there. */
export function lieInListings({ bucket, database, good }: Arena, random: Random): string {
  const change =
    (edit: (document: string) => string): Lie['tell'] =>
    (reply) =>
      xml(edit(reply.body.toString()).replace(/^.*\n/, ''));
  const more = (contents: () => string): Lie['tell'] =>
    change((document) => document.replace('</ListBucketResult>', () => `${contents()}</ListBucketResult>`));
  const size = (value: string): Lie['tell'] =>
    change((document) => document.replace(/<Size>\d+<\/Size>/g, `<Size>${value}</Size>`));
  const lies: Readonly<Record<string, Lie['tell']>> = {
    'keys twice': change((document) => document.replace(/<Contents>.*<\/Contents>/, '$&$&')),
    'no keys': change((document) => document.replace(/<Contents>.*<\/Contents>/, '')),
    'half of the keys': change((document) =>
      document.replace(/<Contents>.*?<\/Contents>/g, (one) => (random.chance(0.5) ? one : '')),
    ),
    'thousands of sets': pages(random.pick([2, 20, 100]), (page) =>
      Array.from({ length: KEYS_OF_PAGE }, (_, index) => {
        const minutes = page * KEYS_OF_PAGE + index;
        const moment = new Date(Date.UTC(2020, 0, 1, 0, minutes)).toISOString().replaceAll(/[-:]/g, '');
        const timestamp = `${moment.slice(0, 8)}_${moment.slice(9, 15)}`;
        return listed(`backups/daily/${database}_${timestamp}.dump`, ONE_BYTE);
      }).join(''),
    ),
    'manifests that are not there': more(() =>
      Array.from({ length: random.pick([300, 300, 12_000]) }, () =>
        listed(`backups/daily/manifest-${moment(random)}.json`, Buffer.from('{}')),
      ).join(''),
    ),
    'a size of nothing': size(''),
    'a size below nothing': size('-1'),
    'a size of text': size('NaN'),
    'a huge size': size('9'.repeat(30)),
    'a size that is wrong': size(String(random.whole(0, 1000))),
    'other ETags': change((document) => document.replace(/<ETag>.*?<\/ETag>/g, '<ETag>&#34;x&#34;</ETag>')),
    'ETags with escapes': change((document) =>
      document.replace(/<ETag>.*?<\/ETag>/g, '<ETag>\u009b31m\u007f&#27;[2J</ETag>'),
    ),
    'keys that cannot be decoded': change((document) => document.replace(/<Key>/g, '<Key>%zz%')),
    'keys of elsewhere': change((document) =>
      document.replaceAll('backups%2Fdaily%2F', '..%2F..%2Foutside%2F'),
    ),
    'half a document': change((document) => document.slice(0, document.length / 2)),
    'unknown entities': change((document) =>
      document.replace('<Contents>', '&owned;&#x0;&#1114112;<Contents>'),
    ),
    'entities of entities': (reply) => entities(reply),
    'an entity of a file': change(
      (document) =>
        `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>${document.replace('<Key>', '<Key>&f;')}`,
    ),
    'the same page for ever': change((document) =>
      document.replace(
        '<IsTruncated>false',
        '<NextContinuationToken>same</NextContinuationToken><IsTruncated>true',
      ),
    ),
    'another page for ever': pages(ENDLESS_PAGES),
    'a page without its next': change((document) =>
      document.replace('<IsTruncated>false', '<IsTruncated>true'),
    ),
    'another bucket': change((document) => document.replace('<Name>hostile', '<Name>other')),
    'a deep document': change((document) =>
      document.replace('<Contents>', `${'<x>'.repeat(100_000)}<Contents>`),
    ),
    'a newest set that is not there': more(() => {
      const timestamp = moment(random);
      return [
        `${database}_${timestamp}.dump`,
        `staging-${timestamp}.tar.gz`,
        `globals-${timestamp}.sql`,
        `manifest-${timestamp}.json`,
      ]
        .map((name) => listed(`backups/daily/${name}`, Buffer.from('x')))
        .join('');
    }),
    'the newest set as if it were another': change((document) =>
      document.replaceAll(good.at(-1)!, moment(random)),
    ),
  };
  const which = random.pick(Object.keys(lies));
  bucket.lies = [...bucket.lies, { operation: 'ListObjectsV2', tell: lies[which]! }];
  return `a listing with ${which}`;
}

/** Answers that are not those of an S3 server. */
export function lieInAnswers({ bucket }: Arena, random: Random): string {
  const operation = random.pick(OPERATIONS);
  const status = random.pick([400, 403, 404, 500, 503]);
  const redirect = random.pick([301, 302, 303, 307, 308]);
  const garbage = bytes(random, random.whole(0, 3000));
  const answers: Readonly<Record<string, Lie['tell']>> = {
    [`a redirection (${redirect})`]: (reply) => ({
      ...reply,
      status: redirect,
      headers: { location: `${bucket.elsewhere}/stolen`, 'x-amz-bucket-region': 'eu-central-1' },
    }),
    garbage: (reply) => ({ ...reply, body: garbage }),
    'a page of HTML': (reply) => ({
      ...reply,
      headers: { 'content-type': 'text/html' },
      body: Buffer.from('<html><body><h1>It works!</h1></body></html>'),
    }),
    'an error with status 200': () => xml('<Error><Code>InternalError</Code><Message>x</Message></Error>'),
    'no body': (reply) => ({ ...reply, body: Buffer.alloc(0) }),
    'a length that is too large': (reply) => ({
      ...reply,
      headers: { ...reply.headers, 'content-length': String(reply.body.length + 1000) },
    }),
    'a length that is too small': (reply) => ({
      ...reply,
      headers: { ...reply.headers, 'content-length': String(Math.floor(reply.body.length / 2)) },
    }),
    'a body without end': (reply) => ({ ...reply, body: endless(Buffer.alloc(64 * 1024, 'x')) }),
    'a body that drips': (reply) => ({ ...reply, body: dripping(reply.body) }),
    'other bytes': (reply) => ({
      ...reply,
      body: damaged(random, Buffer.concat([reply.body, Buffer.from(' ')])),
    }),
    'another ETag': (reply) => ({ ...reply, headers: { ...reply.headers, etag: '"\u00ffx"' } }),
    'no header': ({ status: one, body }) => ({ status: one, headers: {}, body }),
    'wrong checksums': (reply) => ({
      ...reply,
      headers: { ...reply.headers, 'x-amz-checksum-sha256': 'AAAA', 'x-amz-checksum-crc32': '!' },
    }),
    'a bomb of gzip': (reply) => ({
      ...reply,
      headers: { ...reply.headers, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(300 * MIB), { level: 1 }),
    }),
    [`an error (${status}) with escapes`]: () =>
      xml(
        '<Error><Code>\u009b31m&#27;[2J</Code><Message>&#7;&#27;]0;owned&#7;&#13;x</Message></Error>',
        status,
      ),
    [`an error (${status}) without end`]: () => ({
      ...xml('', status),
      body: endless(Buffer.from('<Error><Code>x</Code>'.repeat(3000))),
    }),
    [`an error (${status}) that is nested deeply`]: () => xml('<Error>'.repeat(200_000), status),
    [`an error (${status}) with entities of entities`]: (reply) => ({ ...entities(reply), status }),
    'a range that was not asked for': (reply) => ({
      ...reply,
      status: 206,
      headers: { ...reply.headers, 'content-range': 'bytes 5-4/9999999999999' },
    }),
    'status 999': (reply) => ({ ...reply, status: 999 }),
  };
  const which = random.pick(Object.keys(answers));
  const from = random.whole(0, 3);
  let seen = 0;
  const tell: Lie['tell'] = (reply) => (seen++ < from ? reply : answers[which]!(reply));
  bucket.lies = [...bucket.lies, { ...(operation !== undefined && { operation }), tell }];
  return `${which} to ${operation ?? 'all requests'} after ${from}`;
}

/** Documents that grow a billion times where entities are replaced. */
function entities(reply: Parameters<Lie['tell']>[0]): Reply {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `<!ENTITY e${level + 1} "${`&e${level};`.repeat(10)}">`,
  );
  const type = `<!DOCTYPE x [<!ENTITY e0 "owned">${levels.join('')}]>`;
  return xml(
    `${type}${reply.body.toString().replace(/^.*\n/, '').replace('<Key>', '<Key>&e9;')}`,
    reply.status,
  );
}

/** The listing in so many pages more, each with these contents. */
function pages(count: number, contents: (page: number) => string = () => ''): Lie['tell'] {
  let page = 0;
  return (reply) => {
    page = (page + 1) % (count + 1);
    if (page === 0) return reply;
    return xml(
      reply.body
        .toString()
        .replace(/^.*\n/, '')
        .replace(
          '<IsTruncated>false',
          `<NextContinuationToken>${page}</NextContinuationToken><IsTruncated>true`,
        )
        .replace('</ListBucketResult>', () => `${contents(page)}</ListBucketResult>`),
    );
  };
}

async function* endless(chunk: Buffer): AsyncGenerator<Buffer> {
  for (let sent = 0; sent < ENDLESS_BYTES; sent += chunk.length) {
    yield chunk;
    await sleep(0);
  }
}

async function* dripping(body: Buffer): AsyncGenerator<Buffer> {
  const step = Math.max(1, Math.ceil(body.length / DRIPS));
  for (let at = 0; at < body.length; at += step) {
    yield body.subarray(at, at + step);
    await sleep(DRIP_MS);
  }
}
