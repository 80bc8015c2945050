import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Starts as much of a WebDAV server as a store needs, with its files in memory, and returns its URL. It keeps no
 * process alive.
 */
export async function startWebdavServer(): Promise<string> {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    answer(files, request).then(
      ({ status, body = '' }) => response.writeHead(status).end(body),
      () => response.destroy(), // the sender went away
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref().on('connection', (socket) => socket.unref());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function answer(
  files: Map<string, Buffer>,
  request: IncomingMessage,
): Promise<{ readonly status: number; readonly body?: Buffer | string }> {
  const path = request.url ?? '/';
  if (request.method === 'PROPFIND') return { status: 207, body: listing(files, path) };
  if (request.method === 'PUT') {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    files.set(path, Buffer.concat(chunks));
    return { status: 201 };
  }
  const content = files.get(path);
  if (content === undefined) return { status: 404 };
  if (request.method === 'GET') {
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    return start === undefined
      ? { status: 200, body: content }
      : { status: 206, body: content.subarray(Number(start), Number(last) + 1) };
  }
  if (request.method !== 'DELETE')
    files.set(new URL(String(request.headers['destination'])).pathname, content);
  if (request.method !== 'COPY') files.delete(path);
  return { status: 204 };
}

function listing(files: Map<string, Buffer>, folder: string): string {
  const within = [...files].filter(([path]) => path.startsWith(folder));
  const responses = within.map(([path, content]) => {
    const tag = createHash('sha256').update(content).digest('hex');
    return `<D:response><D:href>${path}</D:href><D:getcontentlength>${content.length}</D:getcontentlength><D:getetag>${tag}</D:getetag></D:response>`;
  });
  return `<D:multistatus xmlns:D="DAV:"><D:response><D:href>${folder}</D:href></D:response>${responses.join('')}</D:multistatus>`;
}
