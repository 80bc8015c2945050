import { numberText } from '@geolens/backup-core/internal';

/** Bytes of a database on the disk for each byte of its dump; measured on maps and texts: 3.4. */
const DATABASE_BYTES_PER_DUMP_BYTE = 4;

/** Returns the disk size of a restored database in bytes: the original size, if it is known. */
export function diskEstimate(databaseBytes: number | undefined, dumpBytes: number): number {
  return databaseBytes ?? dumpBytes * DATABASE_BYTES_PER_DUMP_BYTE;
}

/** Returns megabytes, rounded up, for example `1,234 MB`. */
export function megabytes(bytes: number): string {
  return `${numberText(Math.ceil(bytes / 1e6))} MB`;
}
