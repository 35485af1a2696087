import { type Socket, connect } from 'node:net';
import type { Json } from './world';

/** HTTP over a bare socket, because every client mends what it is given. */
export interface RawAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  /** What the text says, where it is JSON. */
  readonly body: Json;
}

export interface RawConnection {
  readonly socket: Socket;
  send(bytes: Buffer | string): void;
  /** The next answer, also an interim one (1xx). @throws where the connection closes before it, or nothing comes in time */
  answer(): Promise<RawAnswer>;
  /** Every answer until the other side closes. */
  answers(): Promise<RawAnswer[]>;
  /** What has come and is no answer yet. */
  rest(): string;
  readonly closed: Promise<void>;
}

export interface RawOptions {
  /** From which address, for several of them on one machine: 127.0.0.2. */
  readonly from?: string;
  /** Whether this side goes on when the other has ended. */
  readonly halfOpen?: boolean;
  /** How long to wait for an answer before the service counts as hung. */
  readonly patienceMs?: number;
}

/** @param url of the service; resolves when connected, also where the other side closes at once */
export async function openRaw(url: string, options: RawOptions = {}): Promise<RawConnection> {
  const { from, halfOpen = false, patienceMs = 60_000 } = options;
  const { hostname, port } = new URL(url);
  const socket = connect({
    port: Number(port),
    host: hostname,
    allowHalfOpen: halfOpen,
    ...(from === undefined ? {} : { localAddress: from }),
  });
  let received: Buffer = Buffer.alloc(0);
  let isClosed = false;
  let wake = (): void => undefined;
  socket.on('data', (data) => {
    received = Buffer.concat([received, data]);
    wake();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true;
      wake();
      resolve();
    });
  });
  await Promise.race([closed, new Promise((resolve) => socket.once('connect', resolve))]);

  const take = (): RawAnswer | undefined => {
    const read = readAnswer(received);
    if (read === undefined) return undefined;
    received = received.subarray(read.length);
    return read.answer;
  };
  const answer = async (): Promise<RawAnswer> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const found = take();
      if (found !== undefined) return found;
      if (isClosed) throw new Error(`the connection was closed after: ${received.toString('latin1', 0, 200)}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no answer in ${patienceMs} ms, only: ${received.toString('latin1', 0, 200)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    socket,
    send: (bytes) => {
      if (socket.writable) socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    },
    answer,
    answers: async () => {
      await closed;
      const all: RawAnswer[] = [];
      for (let one = take(); one !== undefined; one = take()) all.push(one);
      return all;
    },
    rest: () => received.toString('latin1'),
    closed,
  };
}

/** Sends bytes and gives every answer until the other side closes. */
export async function sendRaw(url: string, bytes: Buffer | string, options?: RawOptions): Promise<RawAnswer[]> {
  const connection = await openRaw(url, options);
  connection.send(bytes);
  return connection.answers();
}

/** The first answer in these bytes and how many of them it is; undefined where not all of it is there. */
function readAnswer(bytes: Buffer): { readonly answer: RawAnswer; readonly length: number } | undefined {
  const head = bytes.indexOf('\r\n\r\n');
  if (head === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, head).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  if (Number.isNaN(status)) throw new Error(`this is no answer: ${statusLine}`);
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = readBody(bytes.subarray(head + 4), status, headers);
  if (body === undefined) return undefined;
  const text = body.content.toString();
  const isJson = /json/.test(headers['content-type'] ?? '') && text !== '';
  return {
    answer: {
      status,
      headers,
      text,
      get body() {
        return isJson ? JSON.parse(text) : {};
      },
    },
    length: head + 4 + body.length,
  };
}

interface ReadBody {
  readonly content: Buffer;
  readonly length: number;
}

function readBody(bytes: Buffer, status: number, headers: Record<string, string>): ReadBody | undefined {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(bytes);
  const length = status < 200 || status === 204 || status === 304 ? 0 : Number(headers['content-length'] ?? 0);
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length };
}

function readChunks(bytes: Buffer): ReadBody | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const end = line + 2 + size + 2;
    if (bytes.length < end) return undefined;
    if (size === 0) return { content: Buffer.concat(parts), length: end };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = end;
  }
}
