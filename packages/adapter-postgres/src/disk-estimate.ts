import { numberText } from '@geolens/backup-core/internal';

/** What a database takes on the disk for each byte of its dump; measured on maps and texts: 3.4. */
const DATABASE_BYTES_PER_DUMP_BYTE = 4;

/** How much a restored database takes on the disk, in bytes: as much as it took, where that is known. */
export function diskEstimate(databaseBytes: number | undefined, dumpBytes: number): number {
  return databaseBytes ?? dumpBytes * DATABASE_BYTES_PER_DUMP_BYTE;
}

/** `1,234 MB`, rounded up. */
export function megabytes(bytes: number): string {
  return `${numberText(Math.ceil(bytes / 1e6))} MB`;
}
