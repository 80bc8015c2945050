import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { addressOf, isAmazon } from './endpoint.ts';
import { ANSWER_TOO_LONG } from './s3-errors.ts';
import type { S3Settings } from './settings.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_SECONDS = 60;
const ATTEMPTS = 5;

/** Connections at once, as the SDK has it without a proxy. */
const SOCKETS = 50;

/** Largest answer that is kept in memory, in bytes: a page of a thousand keys of the greatest length. */
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;

const PAYLOAD_HASH = 'x-amz-content-sha256';

/** Elsewhere a checksum header may be the digest of an object, not of the body of the request. */
const WITH_A_BODY_OF_OURS = ['PutObjectCommand', 'UploadPartCommand'];

const ignore = (): void => undefined;

/** What the SDK would print to the terminal by itself, it also throws. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * A client for one bucket. The checksums that the SDK adds by itself are streamed behind the body, which
 * stores other than Amazon's refuse, or take for part of the object: there it adds none, and we send our own.
 */
export function createClient(settings: S3Settings): S3Client {
  const { endpoint, pathStyle } = addressOf(settings);
  const checksums = isAmazon(endpoint) && settings.checksum !== 'md5' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  const { credentials } = settings;
  const client = new S3Client({
    ...(endpoint !== undefined && { endpoint }),
    region: settings.region ?? 'us-east-1',
    forcePathStyle: pathStyle,
    maxAttempts: settings.attempts ?? ATTEMPTS,
    retryMode: 'standard',
    logger: SILENT,
    streamCollector: collectAnswer,
    requestChecksumCalculation: checksums,
    responseChecksumValidation: checksums,
    // It would make a new connection for every part, and keep a stopped request waiting for six seconds.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: (settings.timeout ?? IDLE_TIMEOUT_SECONDS) * 1000,
      ...agentsFor(settings),
    },
    ...(credentials !== undefined && {
      credentials: {
        accessKeyId: credentials.accessKeyId.reveal(),
        secretAccessKey: credentials.secretAccessKey.reveal(),
        ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken.reveal() }),
      },
    }),
  });
  signBodiesByTheirDigest(client);
  return client;
}

/** Agents that go through the proxy; none without one, for the SDK has its own. */
function agentsFor({ proxy }: S3Settings): { httpAgent?: HttpAgent; httpsAgent?: HttpsAgent } {
  if (proxy === undefined) return {};
  const options = { keepAlive: true, maxSockets: SOCKETS, proxyEnv: proxy };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

/**
 * Collects the body of an answer that is not an object: a listing, or an error. The SDK itself collects them
 * without a limit.
 * @throws Error of the name ANSWER_TOO_LONG if it is longer
 */
async function collectAnswer(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES)
      throw Object.assign(new Error(`the answer has more than ${MOST_ANSWER_BYTES} bytes`), {
        name: ANSWER_TOO_LONG,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Signs bodies by the digest that is sent along, which is among the headers that are signed: the SDK would
 * read and hash each body once more. A SHA-256 is what the signature wants. Beside an MD5 the signature covers
 * the headers alone, and with them the MD5. Requests without a digest of ours are signed as the SDK does it.
 * A store that ignores the MD5 may take bytes that changed on their way; what it has is compared afterwards.
 * The SDK leaves bodies that are streams unsigned in the same way.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function signBodiesByTheirDigest(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (WITH_A_BODY_OF_OURS.includes(String(commandName))) signByDigest(args.request as SignedRequest);
        return next(args);
      },
    { step: 'build', name: 'signBodiesByTheirDigest', priority: 'low' },
  );
}

interface SignedRequest {
  readonly headers: Record<string, string>;
}

function signByDigest({ headers }: SignedRequest): void {
  const sha256 = headers['x-amz-checksum-sha256'];
  if (sha256 !== undefined) headers[PAYLOAD_HASH] = Buffer.from(sha256, 'base64').toString('hex');
  else if (headers['content-md5'] !== undefined) headers[PAYLOAD_HASH] = 'UNSIGNED-PAYLOAD';
}
