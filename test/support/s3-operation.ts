import type { IncomingHttpHeaders } from 'node:http';

/** S3's operations that the tests tell apart. */
export type S3Operation =
  | 'PutObject'
  | 'UploadPart'
  | 'UploadPartCopy'
  | 'CopyObject'
  | 'CreateMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipartUploads'
  | 'ListParts'
  | 'ListObjectsV2'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'HeadBucket'
  | 'Other';

/** Of objects, what no parameter of the query makes something else. */
const PLAIN: Readonly<Record<string, S3Operation>> = {
  PUT: 'PutObject',
  GET: 'GetObject',
  HEAD: 'HeadObject',
  DELETE: 'DeleteObject',
};

const OF_UPLOAD: Readonly<Record<string, S3Operation>> = {
  PUT: 'UploadPart',
  POST: 'CompleteMultipartUpload',
  DELETE: 'AbortMultipartUpload',
  GET: 'ListParts',
};

const COPIES: Readonly<Partial<Record<S3Operation, S3Operation>>> = {
  PutObject: 'CopyObject',
  UploadPart: 'UploadPartCopy',
};

/** Parameters that make a request about an object one about something that belongs to it. */
const SUBRESOURCES = [
  'acl',
  'attributes',
  'legal-hold',
  'retention',
  'select',
  'tagging',
  'torrent',
  'uploads',
];

/** The operation of a request in path style. */
export function s3Operation(
  method: string,
  pathname: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
): S3Operation {
  const ofObject = /^\/[^/]+\/./.test(pathname);
  const operation = ofObject ? objectOperation(method, query) : bucketOperation(method, query);
  return headers['x-amz-copy-source'] === undefined ? operation : (COPIES[operation] ?? 'Other');
}

function objectOperation(method: string, query: URLSearchParams): S3Operation {
  if (query.has('uploadId')) return OF_UPLOAD[method] ?? 'Other';
  if (method === 'POST' && query.has('uploads')) return 'CreateMultipartUpload';
  if (SUBRESOURCES.some((name) => query.has(name))) return 'Other';
  return PLAIN[method] ?? 'Other';
}

function bucketOperation(method: string, query: URLSearchParams): S3Operation {
  if (method === 'HEAD') return 'HeadBucket';
  if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads';
  return method === 'GET' && query.get('list-type') === '2' ? 'ListObjectsV2' : 'Other';
}
