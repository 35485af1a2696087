import { Agent, request } from 'node:http';
import type { Callback } from './signing';

export type PostAnswer =
  { readonly kind: 'answered'; readonly status: number; readonly body: string } | { readonly kind: 'unreachable' };

const agent = new Agent({ keepAlive: true, maxSockets: 128 });
/** So long WeChat Pay waits; the others wait longer. */
const TIMEOUT_MS = 5_000;

/** One POST; whatever keeps an answer from coming is `unreachable`. */
export function post(url: string, { headers, body }: Callback): Promise<PostAnswer> {
  return new Promise((resolve) => {
    const bytes = Buffer.from(body);
    const options = { method: 'POST', agent, headers: { ...headers, 'content-length': bytes.length } };
    const outgoing = request(url, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', () => {
        resolve({ kind: 'unreachable' });
      });
      incoming.on('end', () => {
        resolve({ kind: 'answered', status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    outgoing.on('error', () => {
      resolve({ kind: 'unreachable' });
    });
    outgoing.end(bytes);
  });
}
