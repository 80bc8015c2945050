import { once } from 'node:events';
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Body } from './bodies.ts';

/** What concerns a single connection and is not passed on. */
const OF_ONE_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding'];

/**
 * Sends a request on with this body and gives the server's answer as soon as its head is there. Path, query
 * and headers stay as they are, Host too: signatures cover them. A client that waits with its body (`Expect`)
 * waits for the server's word.
 */
export async function forward(
  request: IncomingMessage,
  body: Body,
  target: URL,
  response: ServerResponse,
): Promise<IncomingMessage> {
  const upstream = httpRequest({
    host: target.hostname,
    port: target.port,
    method: request.method,
    path: request.url,
    headers: passedOn(request.headers),
    agent: false,
  });
  upstream.on('error', () => undefined);
  upstream.on('continue', () => {
    response.writeContinue();
  });
  // A server may answer, and hang up, before it has read everything.
  pipeline(body, upstream).catch(() => request.resume());
  const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
  return answer;
}

/** Gives the client a server's answer, with this body. */
export async function deliver(answer: IncomingMessage, body: Body, response: ServerResponse): Promise<void> {
  response.writeHead(answer.statusCode!, passedOn(answer.headers));
  await pipeline(body, response);
}

function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ONE_CONNECTION.includes(name)));
}
