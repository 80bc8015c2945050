import type { Secret } from '@geolens/backup-core';

/** The ways to use TLS, or not, that libpq knows. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** As libpq understands it: https://www.postgresql.org/docs/current/libpq-ssl.html */
export type SslMode = (typeof SSL_MODES)[number];

/**
 * In place of the file of sslrootcert: whom this machine trusts, verified in full. libpq knows it from
 * version 16 on.
 */
export const SYSTEM_AUTHORITIES = 'system';

/** How to reach one database. */
export interface ConnectionSettings {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Absent: the password file of libpq, or a method that needs none. */
  readonly password?: Secret | undefined;
  readonly database: string;
  /** `prefer` when absent, as in libpq; `verify-full` with the authorities of the system. */
  readonly sslMode?: SslMode | undefined;
  /** Files in PEM; the first may be SYSTEM_AUTHORITIES. */
  readonly sslRootCert?: string | undefined;
  /** The certificate that we show, in PEM. */
  readonly sslCert?: string | undefined;
  /** Its key, in PEM. */
  readonly sslKey?: string | undefined;
  /** Seconds; 10 when absent. */
  readonly connectTimeout?: number | undefined;
  /** Command-line options for the session, for example `-c search_path=x`. */
  readonly options?: string | undefined;
}
