import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { corrupted, cutShort, drained, withEtag, type Body } from './bodies.ts';
import { deliver, forward } from './relay.ts';
import type { S3Operation } from './s3-operation.ts';

/** What may happen to a request on its way to an S3 server. */
export type Fault =
  /**
   * Answered with an S3 error; the server never hears of it. `code` has a default for 403, 404, 500 and 503.
   */
  | { readonly kind: 'status'; readonly status: number; readonly code?: string; readonly message?: string }
  /**
   * The client's connection is reset after so many bytes of the request's body, or of the answer's where the
   * request has none; default: in the middle. Of a request's body, the server gets as much.
   */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** The server does it, and the client's connection ends instead of an answer. */
  | { readonly kind: 'swallow' }
  /** The head of the answer comes, and so many bytes; then nothing, on a connection that stays open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** Taken and never answered. */
  | { readonly kind: 'hang' }
  /**
   * The server does it, and this ETag is in its answer: in the header, and in the document that ends an
   * upload or a copy.
   */
  | { readonly kind: 'etag'; readonly etag: string }
  /** A bit in the middle of the request's body arrives flipped. */
  | { readonly kind: 'corrupt' };

/** A request that is on its way. */
export interface Exchange {
  readonly operation: S3Operation;
  readonly request: IncomingMessage;
  readonly body: Body;
  readonly response: ServerResponse;
  /** Whether the client waits to be told to send the body. */
  readonly waits: boolean;
  readonly target: URL;
}

const CODES: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  404: 'NoSuchKey',
  500: 'InternalError',
  503: 'SlowDown',
};

const ETAG_IN_DOCUMENT: readonly S3Operation[] = ['CompleteMultipartUpload', 'CopyObject', 'UploadPartCopy'];

/** Sees a request to its end. Rejects when there is no answer because a connection broke. */
export async function carryOut(fault: Fault | undefined, exchange: Exchange): Promise<void> {
  const { operation, request, body, response, waits, target } = exchange;
  const size = Number(request.headers['content-length'] ?? 0);
  switch (fault?.kind) {
    case undefined: {
      const answer = await forward(request, body, target, response);
      return deliver(answer, answer, response);
    }
    case 'status':
      if (!waits) await drained(body);
      response.writeHead(fault.status, { 'content-type': 'application/xml' }).end(errorDocument(fault));
      return;
    case 'reset':
      return size > 0
        ? resetRequest(exchange, fault.afterBytes ?? size / 2)
        : resetAnswer(exchange, fault.afterBytes);
    case 'swallow':
      await drained(await forward(request, body, target, response));
      request.socket.destroy();
      return;
    case 'stall': {
      const answer = await forward(request, body, target, response);
      return deliver(
        answer,
        cutShort(answer, fault.afterBytes, () => new Promise<never>(() => undefined)),
        response,
      );
    }
    case 'hang':
      return drained(body);
    case 'etag': {
      const answer = await forward(request, body, target, response);
      const inDocument = ETAG_IN_DOCUMENT.includes(operation);
      answer.headers.etag = fault.etag;
      if (inDocument) delete answer.headers['content-length'];
      return deliver(answer, inDocument ? withEtag(answer, fault.etag) : answer, response);
    }
    case 'corrupt': {
      const answer = await forward(request, corrupted(body, Math.floor(size / 2)), target, response);
      return deliver(answer, answer, response);
    }
  }
}

async function resetRequest(exchange: Exchange, length: number): Promise<void> {
  const { request, body, target, response } = exchange;
  await forward(
    request,
    cutShort(body, length, () => reset(request)),
    target,
    response,
  );
  await reset(request);
}

async function resetAnswer(
  { request, body, target, response }: Exchange,
  length: number | undefined,
): Promise<void> {
  const answer = await forward(request, body, target, response);
  const half = Number(answer.headers['content-length'] ?? 0) / 2;
  await deliver(
    answer,
    cutShort(answer, length ?? half, () => reset(request)),
    response,
  );
}

/** What was written before gets out first. */
async function reset({ socket }: IncomingMessage): Promise<never> {
  await turn();
  socket.resetAndDestroy();
  throw new Error('reset');
}

function errorDocument({
  status,
  code = CODES[status] ?? 'Unknown',
  message = 'injected fault',
}: Fault & { kind: 'status' }): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>fault</RequestId></Error>`;
}
