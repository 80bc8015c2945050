import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { counted, type Body } from './bodies.ts';
import { carryOut, type Fault } from './faults.ts';
import { s3Operation, type S3Operation } from './s3-operation.ts';

export interface ProxiedRequest {
  readonly operation: S3Operation;
  readonly method: string;
  /** As sent: encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface LoggedRequest {
  readonly operation: S3Operation;
  readonly method: string;
  /** As sent, the query included. */
  readonly path: string;
  /** What the client was answered; undefined if nothing, or nothing yet. */
  readonly status: number | undefined;
  /** Bytes of the body that came from the client. */
  readonly bytes: number;
}

export interface FaultRule {
  readonly when: (request: ProxiedRequest) => boolean;
  /** How many of these requests it strikes, the first ones; default: all. */
  readonly times?: number;
  readonly do: Fault;
}

type Logged = { -readonly [Key in keyof LoggedRequest]: LoggedRequest[Key] };

/**
 * An HTTP proxy for an S3 server. It passes on what no rule speaks of; of several that do, the one added
 * first holds.
 */
export class FaultProxy {
  readonly endpoint: string;
  readonly #target: URL;
  readonly #log: Logged[] = [];
  readonly #rules: { readonly rule: FaultRule; left: number }[] = [];

  constructor(server: Server, target: string) {
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#target = new URL(target);
    server.on('request', (request, response) => void this.#exchange(request, response, false));
    server.on(
      'checkContinue',
      (request: IncomingMessage, response: ServerResponse) => void this.#exchange(request, response, true),
    );
  }

  /** All requests so far, in the order of their arrival. */
  get requests(): readonly LoggedRequest[] {
    return this.#log;
  }

  /** How many bytes of bodies came from the client for this operation. */
  received(operation: S3Operation): number {
    return this.#log
      .filter((request) => request.operation === operation)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  fault(rule: FaultRule): void {
    this.#rules.push({ rule, left: rule.times ?? Infinity });
  }

  /** Forgets all rules. */
  heal(): void {
    this.#rules.length = 0;
  }

  async #exchange(request: IncomingMessage, response: ServerResponse, waits: boolean): Promise<void> {
    const [method, url] = [request.method!, request.url!];
    const [path = '', search] = url.split('?', 2);
    const query = new URLSearchParams(search);
    const operation = s3Operation(method, path, query, request.headers);
    const logged: Logged = { operation, method, path: url, status: undefined, bytes: 0 };
    this.#log.push(logged);
    response.once('finish', () => (logged.status = response.statusCode));
    const body = counted(
      request.iterator({ destroyOnReturn: false }) as Body,
      (bytes) => (logged.bytes += bytes),
    );
    try {
      const fault = this.#faultFor({ operation, method, path, query });
      await carryOut(fault, { operation, request, body, response, waits, target: this.#target });
    } catch {
      request.socket.destroy();
    }
  }

  #faultFor(request: ProxiedRequest): Fault | undefined {
    const found = this.#rules.find(({ rule, left }) => left > 0 && rule.when(request));
    if (found) found.left -= 1;
    return found?.rule.do;
  }
}

/** Starts a proxy for the test that runs. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const server = createServer({ keepAliveTimeout: 60_000 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return new FaultProxy(server, target);
}
