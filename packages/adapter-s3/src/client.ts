import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { addressOf, isAmazon } from './endpoint.ts';
import { ANSWER_TOO_LONG } from './s3-errors.ts';
import type { S3Settings } from './settings.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_SECONDS = 60;
const ATTEMPTS = 5;

/** Maximum number of connections, as the SDK sets without a proxy. */
const SOCKETS = 50;

/** Maximum size of an answer in memory, in bytes: a page of a thousand keys of maximum length. */
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;

const PAYLOAD_HASH = 'x-amz-content-sha256';

/** Commands with a body of ours. In other commands, a checksum header may be the digest of an object. */
const WITH_A_BODY_OF_OURS = ['PutObjectCommand', 'UploadPartCommand'];

const ignore = (): void => undefined;

/** Logger that discards what the SDK would print: the SDK also throws it. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * Creates a client for one bucket. The SDK streams its own checksums after the body. Stores other than
 * Amazon's refuse them or store them as part of the object. For these stores the SDK adds none, and requests
 * carry our checksum.
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
    // The header would open a new connection for each part, and delay a stopped request by six seconds.
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

/** Returns agents that use the proxy; none without a proxy, because the SDK has its own. */
function agentsFor({ proxy }: S3Settings): { httpAgent?: HttpAgent; httpsAgent?: HttpsAgent } {
  if (proxy === undefined) return {};
  const options = { keepAlive: true, maxSockets: SOCKETS, proxyEnv: proxy };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

/**
 * Collects the body of an answer that is not an object: a listing or an error. The SDK's collector has no
 * limit.
 * @throws Error ANSWER_TOO_LONG if the body is longer
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
 * Signs bodies by the digest in their headers: the SDK would read and hash each body again. SigV4 uses a
 * SHA-256 directly. With an MD5, the signature covers only the headers, and so the MD5. The SDK signs
 * requests without our digest as usual. A store that ignores the MD5 may accept changed bytes; the upload
 * compares the stored object afterwards. The SDK also leaves streams unsigned.
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
