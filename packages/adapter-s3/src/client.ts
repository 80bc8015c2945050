import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { collectAnswer } from './collect-answer.ts';
import { addressOf, isAmazon } from './endpoint.ts';
import type { S3Settings } from './settings.ts';
import { signBodiesByTheirDigest } from './upload/payload-hash.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_SECONDS = 60;
const ATTEMPTS = 5;

/** Connections at once, as the SDK has it without a proxy. */
const SOCKETS = 50;

/** What the SDK would print to the terminal by itself, it also throws. */
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {
  // See SILENT.
}

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
