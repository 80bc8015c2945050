import type { Secret } from '@geolens/backup-core';

/** TLS modes of libpq. */
export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** TLS mode of libpq: https://www.postgresql.org/docs/current/libpq-ssl.html */
export type SslMode = (typeof SSL_MODES)[number];

/** Value of sslrootcert for full verification with this machine's authorities. libpq supports it since 16. */
export const SYSTEM_AUTHORITIES = 'system';

/** Settings for reaching one database. */
export interface ConnectionSettings {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Defaults to libpq's password file, or a method without a password. */
  readonly password?: Secret | undefined;
  readonly database: string;
  /** Defaults to `prefer`, as in libpq, or to `verify-full` with the authorities of the system. */
  readonly sslMode?: SslMode | undefined;
  /** PEM file, or SYSTEM_AUTHORITIES. */
  readonly sslRootCert?: string | undefined;
  /** PEM file of the client certificate. */
  readonly sslCert?: string | undefined;
  /** PEM file of the client key. */
  readonly sslKey?: string | undefined;
  /** Seconds. Defaults to 10. */
  readonly connectTimeout?: number | undefined;
  /** Command-line options for the session, for example `-c search_path=x`. */
  readonly options?: string | undefined;
}
