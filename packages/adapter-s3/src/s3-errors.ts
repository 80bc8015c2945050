import {
  BackupError,
  isBackupError,
  type ErrorCode,
  type ErrorReason,
  withReason,
} from '@geolens/backup-core';
import { messageOf } from '@geolens/backup-core/internal';

/** Name of the error for an answer that is too long. */
export const ANSWER_TOO_LONG = 'AnswerTooLong';

/** The operation that failed, for messages. */
export interface S3Call {
  readonly bucket: string;
  /** The provider's name, for example `PutObject`. */
  readonly operation: string;
  /** Object key; `undefined` if the operation concerns the bucket. */
  readonly key?: string | undefined;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: ErrorReason;
  /** Defaults to the hint of the reason. */
  readonly hint?: string;
}

const UNREACHABLE: Meaning = { code: 'STORE_UNAVAILABLE', reason: 'endpoint-unreachable' };
const WRONG_KEYS: Meaning = { code: 'STORE_FORBIDDEN', reason: 'credentials-wrong' };
const UNKNOWN: Meaning = { code: 'STORE_UNAVAILABLE', reason: 'endpoint-unknown' };
const CLOCK: Meaning = {
  code: 'STORE_UNAVAILABLE',
  hint: 'Set the clock of this machine: it and the store’s are more than 15 minutes apart',
};
const REGION: Meaning = { code: 'STORE_UNAVAILABLE', reason: 'region-wrong' };
const TRUST: Meaning = {
  code: 'STORE_UNAVAILABLE',
  hint: 'Name the file of the authority that signed the store’s certificate in NODE_EXTRA_CA_CERTS',
};
const FULL: Meaning = {
  code: 'STORE_FULL',
  hint: 'Raise the quota of the bucket, or let lifecycle rules remove old sets',
};
const BUSY: Meaning = {
  code: 'STORE_FAILED',
  hint: 'The store is busy or in trouble; the next run tries again',
};

/** Meanings by the provider's code, or by the code of a system or SDK error. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: { code: 'STORE_UNAVAILABLE', reason: 'bucket-missing' },
  InvalidAccessKeyId: WRONG_KEYS,
  SignatureDoesNotMatch: WRONG_KEYS,
  CredentialsProviderError: { code: 'STORE_FORBIDDEN', reason: 'credentials-missing' },
  ExpiredToken: { code: 'STORE_FORBIDDEN', reason: 'session-expired' },
  InvalidToken: { code: 'STORE_FORBIDDEN', reason: 'session-wrong' },
  RequestTimeTooSkewed: CLOCK,
  AuthorizationHeaderMalformed: REGION,
  PermanentRedirect: REGION,
  IllegalLocationConstraintException: REGION,
  NoSuchKey: { code: 'ARTIFACT_NOT_FOUND' },
  NotFound: { code: 'ARTIFACT_NOT_FOUND' },
  InvalidObjectState: {
    code: 'STORE_FAILED',
    hint: 'The object was moved to cold storage: have the provider restore it first',
  },
  BadDigest: {
    code: 'ARTIFACT_MISMATCH',
    hint: 'The bytes were changed on their way; check the network, the next run tries again',
  },
  XAmzContentSHA256Mismatch: {
    code: 'ARTIFACT_MISMATCH',
    hint: 'The bytes were changed on their way; check the network, the next run tries again',
  },
  EntityTooLarge: { code: 'STORE_FAILED', reason: 'object-too-large' },
  QuotaExceeded: FULL,
  InsufficientCapacity: FULL,
  XMinioStorageFull: FULL,
  SlowDown: BUSY,
  ServiceUnavailable: BUSY,
  InternalError: BUSY,
  [ANSWER_TOO_LONG]: { code: 'STORE_UNAVAILABLE', reason: 'endpoint-not-s3' },
  TimeoutError: { code: 'STORE_UNAVAILABLE', reason: 'endpoint-silent' },
  ERR_INVALID_CHAR: {
    code: 'STORE_FORBIDDEN',
    hint: 'Correct the access key or the session token: it holds a character that no key has, such as a line end',
  },
  ERR_PROXY_TUNNEL: { code: 'STORE_UNAVAILABLE', reason: 'proxy-refuses' },
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EPIPE: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENOTFOUND: UNKNOWN,
  EAI_AGAIN: UNKNOWN,
  EPROTO: { code: 'STORE_UNAVAILABLE', reason: 'endpoint-protocol' },
  SELF_SIGNED_CERT_IN_CHAIN: TRUST,
  DEPTH_ZERO_SELF_SIGNED_CERT: TRUST,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TRUST,
  UNABLE_TO_GET_ISSUER_CERT: TRUST,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TRUST,
  CERT_HAS_EXPIRED: {
    code: 'STORE_UNAVAILABLE',
    hint: 'Renew the certificate of the store, or correct the clock of this machine',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: { code: 'STORE_UNAVAILABLE', reason: 'endpoint-certificate' },
};

/** Meaning of an answer that is not from an S3 store: every store answers a listing with XML. */
export const NO_S3_STORE = {
  code: 'STORE_UNAVAILABLE',
  reason: 'endpoint-not-s3',
} as const satisfies Meaning;
const PATH_IN_ENDPOINT: Meaning = { code: 'STORE_UNAVAILABLE', reason: 'endpoint-path' };

/** Returns the meaning of an answer that no S3 store gives at its own endpoint; `undefined` otherwise. */
function wrongEndpoint(error: unknown, facts: Facts, { operation }: S3Call): Meaning | undefined {
  const { name, status = 0 } = facts;
  const target = locationOf(error);
  if (status >= 300 && status < 400 && !(name in MEANINGS) && target !== undefined)
    return {
      code: 'STORE_UNAVAILABLE',
      reason: 'endpoint-redirects',
      hint: `Correct the endpoint: it redirects to ${target}`,
    };
  if (operation !== 'ListObjectsV2') return undefined;
  if (name === 'NoSuchKey') return PATH_IN_ENDPOINT;
  const unread = facts.message.includes(UNREAD) && status < 500 && status !== 429;
  return unread || (name === 'Unknown' && NO_S3_STATUS.has(status)) ? NO_S3_STORE : undefined;
}

/** Start of the SDK's message if an answer is not XML. */
const UNREAD = 'Deserialization error';

/** Status codes without an S3 code that other services return for a listing. */
const NO_S3_STATUS = new Set([400, 404, 405]);

/** Returns scheme, host and port of the redirect target; `undefined` if there is none. */
function locationOf(error: unknown): string | undefined {
  const { $response } = error as { $response?: { headers?: Readonly<Record<string, string>> } };
  return URL.parse($response?.headers?.['location'] ?? '')?.origin;
}

/**
 * Converts an error of the SDK. The message names bucket, key, operation and the provider's code, but never
 * an access key or a signature.
 */
export function s3Error(error: unknown, call: S3Call): BackupError {
  if (isBackupError(error)) return error;
  const facts = factsOf(error);
  const { name, code, status } = facts;
  const message = facts.message.includes(UNREAD) ? 'the answer is not that of an S3 store' : facts.message;
  const meaning: Meaning = wrongEndpoint(error, facts, call) ??
    MEANINGS[name] ??
    MEANINGS[code] ??
    byStatus(status, call.operation) ?? { code: 'STORE_FAILED' };
  const said = [name || code, status === undefined ? '' : `HTTP ${status}`].filter(Boolean).join(', ');
  const text = `${placeOf(call)}: ${call.operation} failed (${said})${message === '' || message === name || message === 'UnknownError' ? '' : `: ${message}`}`;
  const { reason, hint } = meaning;
  return new BackupError(meaning.code, text, { ...withReason(reason, { hint }), cause: error });
}

/** Returns `s3://bucket/key`, or `s3://bucket` without a key. */
export function placeOf({ bucket, key }: Pick<S3Call, 'bucket' | 'key'>): string {
  return key === undefined ? `s3://${bucket}` : `s3://${bucket}/${key}`;
}

/** Returns the provider's code of an error, or the system's code of a network error. */
export function providerCodeOf(error: unknown): string {
  const cause = error instanceof BackupError ? error.cause : error;
  const { name, code } = factsOf(cause);
  return name in MEANINGS ? name : code || name;
}

interface Facts {
  readonly name: string;
  readonly code: string;
  readonly status: number | undefined;
  readonly message: string;
}

function factsOf(error: unknown): Facts {
  if (!(error instanceof Error)) return { name: '', code: '', status: undefined, message: String(error) };
  const { code, $metadata } = error as Error & { code?: unknown; $metadata?: { httpStatusCode?: number } };
  return {
    // An error of the parser itself has no code of the provider.
    name: error.name === 'Error' || error.message.includes(UNREAD) ? '' : error.name,
    code: typeof code === 'string' ? code : '',
    status: $metadata?.httpStatusCode,
    message: messageOf(error),
  };
}

/** Returns the meaning of a status: answers to HEAD have no body, and so no code. */
function byStatus(status: number | undefined, operation: string): Meaning | undefined {
  if (status === undefined) return undefined;
  if (status === 401 || status === 403)
    return {
      code: 'STORE_FORBIDDEN',
      hint: `Give the key the right to ${rightFor(operation)}, or correct the keys`,
    };
  if (status === 404) return { code: 'ARTIFACT_NOT_FOUND' };
  if (status === 507) return FULL;
  return status >= 500 || status === 429 ? BUSY : undefined;
}

const RIGHTS: Readonly<Record<string, string>> = {
  HeadObject: 's3:GetObject',
  UploadPart: 's3:PutObject',
  UploadPartCopy: 's3:PutObject and s3:GetObject',
  CopyObject: 's3:PutObject and s3:GetObject',
  CreateMultipartUpload: 's3:PutObject',
  CompleteMultipartUpload: 's3:PutObject',
  ListObjectsV2: 's3:ListBucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads',
};

function rightFor(operation: string): string {
  return RIGHTS[operation] ?? `s3:${operation}`;
}
