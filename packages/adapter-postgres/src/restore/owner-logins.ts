import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { BackupError, isBackupError, Secret } from '@geolens/backup-core';
import { COMMENT, PREFIX, removeLogin } from './remove-logins.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { configure, UNHINDERED } from '../connection/queries.ts';
import { quoteIdentifier, quoteLiteral } from '../connection/identifiers.ts';
import { openSession, type Session } from '../connection/session.ts';
import { execute } from './execute.ts';
import type { Credentials, Server } from './server.ts';

/*
 * PostgreSQL evaluates a dump's code of an unprivileged role over a login that is a member of only that role.
 * Code may reset its session, but only to that role or to a login without rights.
 */

/** Replaces the options of the connection, some of which only a superuser may set. */
const OPTIONS = '-c client_min_messages=notice';

/** Credentials and role of a program or a session. */
export interface ActingAs {
  readonly credentials: Credentials;
  /** Role to set; `undefined` if it is the login itself. */
  readonly role: string | undefined;
}

interface Login extends ActingAs {
  readonly session: Session;
}

export interface OwnerLoginsOptions {
  readonly server: Server;
  /** The database to restore. */
  readonly database: string;
  /** The database being filled. */
  readonly target: string;
  /** Owners that are not superusers. */
  readonly unprivileged: ReadonlySet<string>;
  readonly signal: AbortSignal;
}

/** Temporary logins for one database, removed on disposal. */
export class OwnerLogins implements AsyncDisposable {
  private readonly logins = new Map<string, Promise<Login>>();
  private readonly made: { readonly user: string; readonly owner: string | undefined }[] = [];
  private readonly options: OwnerLoginsOptions;
  private neutralRole: string | undefined;

  constructor(options: OwnerLoginsOptions) {
    this.options = options;
  }

  /** Returns whether a role's objects are evaluated over a login. */
  covers(role: string): boolean {
    return role === this.neutralRole || this.options.unprivileged.has(role);
  }

  /** Returns a role that owns nothing and is a member of no role. */
  async neutral(): Promise<string> {
    if (this.neutralRole === undefined) {
      const user = newName();
      this.logins.set(user, this.make(user, undefined));
      await this.logins.get(user);
      this.neutralRole = user;
    }
    return this.neutralRole;
  }

  /**
   * Returns the credentials for acting as a role.
   * @throws BackupError RESTORE_REFUSED if the server rejects the login
   */
  async actingAs(role: string): Promise<ActingAs> {
    return this.of(role);
  }

  /** Executes a statement as a role, in the session of its login. */
  async execute(role: string, statement: string): Promise<void> {
    await executeAs(await this.of(role), statement);
  }

  /** Executes a statement as a role, in a new session. */
  async executeApart(role: string, statement: string): Promise<void> {
    const { server, target, signal } = this.options;
    const login = await this.of(role);
    const session = await openSession({ ...server.settings(target), ...login.credentials }, signal);
    try {
      await configure(session.client, UNHINDERED);
      await executeAs({ ...login, session }, statement);
    } finally {
      await session.close();
    }
  }

  private of(role: string): Promise<Login> {
    let login = this.logins.get(role);
    if (login === undefined) this.logins.set(role, (login = this.make(newName(), role)));
    return login;
  }

  private async make(user: string, owner: string | undefined): Promise<Login> {
    const { server, database, target, signal } = this.options;
    const password = randomBytes(32).toString('hex');
    const name = quoteIdentifier(user);
    this.made.push({ user, owner });
    for (const statement of [
      // Sends the verifier, because the server may log statements.
      `CREATE ROLE ${name} LOGIN NOINHERIT PASSWORD '${scramVerifier(password)}'`,
      `COMMENT ON ROLE ${name} IS ${quoteLiteral(COMMENT + database)}`,
      `GRANT CONNECT ON DATABASE ${quoteIdentifier(target)} TO ${name}`,
      ...(owner === undefined ? [] : [`GRANT ${quoteIdentifier(owner)} TO ${name}`]),
    ])
      await server.ask('making a login for the restore', statement);
    const credentials = { user, password: new Secret(password), options: OPTIONS };
    const settings = { ...server.settings(target), ...credentials };
    try {
      const session = await openSession(settings, signal);
      await configure(session.client, UNHINDERED);
      return { credentials, role: owner, session };
    } catch (error) {
      throw notLetIn(error, settings);
    }
  }

  /** Ends the sessions of the logins and removes them. Never fails: the next restore tries again. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { server, target } = this.options;
    for (const login of this.logins.values())
      await login.then(({ session }) => session.close()).catch(() => undefined);
    for (const login of this.made) await removeLogin(server, target, login).catch(() => undefined);
  }
}

/**
 * Checks that the server accepts temporary logins, before any change.
 * @throws BackupError RESTORE_REFUSED if it does not
 */
export async function probeLogins(options: OwnerLoginsOptions): Promise<void> {
  if (options.unprivileged.size === 0) return;
  await using logins = new OwnerLogins(options);
  await logins.neutral();
}

async function executeAs({ session, role }: Login, statement: string): Promise<void> {
  // Code that ran in this session may have changed both.
  const acting = role === undefined ? 'RESET ROLE' : `SET ROLE ${quoteIdentifier(role)}`;
  await execute(session.client, [acting, `SET search_path = ''`, statement]);
}

function newName(): string {
  return `${PREFIX}${randomBytes(8).toString('hex')}`;
}

function notLetIn(error: unknown, { host }: ConnectionSettings): unknown {
  const reason = isBackupError(error) ? error.details.reason : undefined;
  if (reason !== 'password-wrong' && reason !== 'user-refused') return error;
  const isLocal = host.startsWith('/');
  return new BackupError(
    'RESTORE_REFUSED',
    'the dump has objects of roles that are no superusers, and the server does not let in the temporary logins that their code runs as',
    {
      cause: error,
      hint: `Add a line at the top of pg_hba.conf and reload the server: \`${isLocal ? 'local' : 'host'} all all${isLocal ? '' : ' samehost'} scram-sha-256\`, for the time of the restore`,
    },
  );
}

const ITERATIONS = 4096;

/** Returns the stored form of a password: RFC 5803. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${hmac('Server Key').toString('base64')}`;
}
