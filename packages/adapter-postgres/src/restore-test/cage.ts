import { setTimeout as pause } from 'node:timers/promises';
import { throwIfAborted } from '@geolens/backup-core';
import type { ProgramEnvironment } from '@geolens/backup-system';
import { findAccounts, type Account, lockAccount } from './account.ts';
import { endProcessesOf, processesOf } from './account-processes.ts';

const POLL_MS = 250;

/** Milliseconds that a restore test waits for the end of another one. */
const PATIENCE_MS = 600_000;

/** Milliseconds to wait for processes of a restore test whose own process was killed. */
const REMAINS_MS = 8_000;

export interface ClaimOptions {
  readonly env: ProgramEnvironment;
  readonly signal: AbortSignal;
  /** Defaults to the accounts of this machine. */
  readonly accounts?: readonly Account[] | undefined;
  /** Whether to wait while another restore test runs. Defaults to `wait`. */
  readonly whenHeld?: 'wait' | 'fail' | undefined;
}

/** An account that runs the programs of one restore test, and no other process. */
export class Cage {
  readonly account: Account;
  private readonly env: ProgramEnvironment;
  private readonly unlock: () => Promise<void>;

  private constructor(account: Account, env: ProgramEnvironment, unlock: () => Promise<void>) {
    this.account = account;
    this.env = env;
    this.unlock = unlock;
  }

  /**
   * Claims a free account.
   * @returns the reason if this machine has none
   */
  static async claim(options: ClaimOptions): Promise<Cage | { readonly lacking: string }> {
    const { env, signal, whenHeld = 'wait' } = options;
    const accounts = options.accounts ?? (await findAccounts());
    if ('lacking' in accounts) return accounts;
    const began = performance.now();
    for (;;) {
      throwIfAborted(signal);
      let inUse: string | undefined;
      for (const account of accounts) {
        const unlock = await lockAccount(account);
        if (unlock === undefined) continue;
        const ids = await processesOf(account.uid);
        if (ids.length === 0) return new Cage(account, env, unlock);
        inUse = `the account "${account.name}" (user ${account.uid}) runs other processes: ${ids.join(', ')}. End them: the account is for restore tests alone`;
        await unlock();
      }
      const waited = performance.now() - began;
      if (inUse !== undefined && waited > REMAINS_MS) return { lacking: inUse };
      if (inUse === undefined && (whenHeld === 'fail' || waited > PATIENCE_MS))
        return { lacking: 'another restore test runs on this machine. Try again when it has ended' };
      await pause(POLL_MS);
    }
  }

  /** Kills every process of the account. Never fails; returns whether none is left. */
  endAll(): Promise<boolean> {
    return endProcessesOf(this.account, this.env);
  }

  /** Releases the account. */
  release(): Promise<void> {
    return this.unlock();
  }
}
