import type { S3Settings } from '@geolens/backup-adapter-s3';
import { Secret } from '@geolens/backup-core';
import type { Values } from './variables.ts';

/**
 * Reads `S3_…` and adds the problems that it finds. GeoLens uses the same variables for its own storage. They
 * are ignored unless copies on S3 are enabled.
 * @returns `undefined` if copies are not enabled, or if the settings have problems
 */
export function readS3(values: Partial<Values>, problems: string[]): S3Settings | undefined {
  if (values.BACKUP_S3_ENABLED !== true) return undefined;
  const found = [
    ...endpointProblems(values),
    ...bucketProblems(values),
    ...keyProblems(values),
    ...encryptionProblems(values),
  ];
  problems.push(...found);
  const { S3_BUCKET: bucket } = values;
  if (bucket === undefined || found.length > 0) return undefined;
  return {
    bucket,
    endpoint: values.S3_ENDPOINT,
    region: values.S3_REGION,
    prefix: values.S3_PREFIX,
    credentials: credentialsOf(values),
    addressing: values.S3_ADDRESSING_STYLE,
    checksum: values.S3_CHECKSUM,
    storageClass: values.S3_STORAGE_CLASS,
    encryption: values.S3_SERVER_SIDE_ENCRYPTION,
    kmsKeyId: values.S3_KMS_KEY_ID,
    maxParts: values.S3_MAX_PARTS,
    timeout: values.S3_TIMEOUT_SECONDS,
  };
}

function endpointProblems({ S3_ENDPOINT: endpoint, S3_BUCKET: bucket }: Partial<Values>): readonly string[] {
  if (endpoint === undefined) return [];
  const url = URL.parse(endpoint);
  const form = 'has to be a URL such as https://s3.example.com or http://minio:9000';
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return [`S3_ENDPOINT ${form}`];
  if (url.username !== '' || url.password !== '')
    return ['S3_ENDPOINT must not hold keys; put them into S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY'];
  if (bucket !== undefined && url.pathname.replace(/\/$/, '') === `/${bucket}`)
    return [`S3_ENDPOINT ends with the name of the bucket; leave it out: set S3_ENDPOINT=${url.origin}`];
  return url.search !== '' || url.hash !== '' ? [`S3_ENDPOINT ${form}, without ? and #`] : [];
}

function bucketProblems({ S3_BUCKET: bucket }: Partial<Values>): readonly string[] {
  if (bucket === undefined)
    return ['S3_BUCKET is not set, and BACKUP_S3_ENABLED is true; name the bucket, or set that to false'];
  return bucket.includes('/')
    ? [
        `S3_BUCKET="${bucket}" has to be the name of a bucket alone; what comes behind the slash belongs into S3_PREFIX`,
      ]
    : [];
}

function keyProblems({
  S3_ACCESS_KEY_ID: id,
  S3_SECRET_ACCESS_KEY: secret,
  S3_SESSION_TOKEN: token,
}: Partial<Values>): readonly string[] {
  if ((id === undefined) !== (secret === undefined)) {
    const [missing, given] =
      id === undefined
        ? ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY']
        : ['S3_SECRET_ACCESS_KEY', 'S3_ACCESS_KEY_ID'];
    return [
      `${missing} is not set, and ${given} is; set both, or neither to use the credentials of this machine`,
    ];
  }
  return token !== undefined && id === undefined
    ? ['S3_SESSION_TOKEN is set without S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY; set all three']
    : [];
}

function encryptionProblems({
  S3_KMS_KEY_ID: key,
  S3_SERVER_SIDE_ENCRYPTION: encryption,
}: Partial<Values>): readonly string[] {
  return key !== undefined && encryption !== 'aws:kms'
    ? ['S3_KMS_KEY_ID is set, and S3_SERVER_SIDE_ENCRYPTION is not aws:kms; set that too']
    : [];
}

function credentialsOf({
  S3_ACCESS_KEY_ID: id,
  S3_SECRET_ACCESS_KEY: secret,
  S3_SESSION_TOKEN: token,
}: Partial<Values>): S3Settings['credentials'] {
  if (id === undefined || secret === undefined) return undefined;
  return {
    accessKeyId: new Secret(id),
    secretAccessKey: new Secret(secret),
    ...(token !== undefined && { sessionToken: new Secret(token) }),
  };
}
