import { type Socket, connect } from 'node:net';

/** One keep-alive connection that sends ready-made requests one after the other: the load costs the machine little. */
export interface HttpCaller {
  /**
   * Sends the bytes of a request.
   * @throws Error where the connection closes before the answer
   */
  send(request: Buffer): Promise<HttpAnswer>;
  /** False once the other side has closed. */
  isOpen(): boolean;
  close(): void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly hasRetryAfter: boolean;
}

export async function openHttpCaller(port: number): Promise<HttpCaller> {
  const socket = await connected(port);
  let waiting: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined;
  let received = '';
  let open = true;
  socket.setEncoding('latin1');
  socket.on('data', (data: string) => {
    received += data;
    const end = endOfAnswer(received);
    if (end === undefined) return;
    const status = Number(received.slice(9, 12));
    const hasRetryAfter = status >= 400 && /\r\nretry-after: \d/i.test(received.slice(0, end));
    received = received.slice(end);
    waiting?.resolve({ status, hasRetryAfter });
  });
  const fail = (error: Error): void => {
    open = false;
    waiting?.reject(error);
  };
  socket.on('error', fail);
  socket.on('close', () => {
    fail(new Error('the service closed the connection'));
  });
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        if (!open) {
          reject(new Error('the service has closed the connection'));
          return;
        }
        waiting = { resolve, reject };
        socket.write(request);
      }),
    isOpen: () => open,
    close: () => {
      waiting = undefined;
      socket.destroy();
    },
  };
}

/** Where an answer ends, undefined while it is not complete. The service gives every body its length. */
function endOfAnswer(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return undefined;
  const length = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? '0';
  const end = head + 4 + Number(length);
  return text.length >= end ? end : undefined;
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('connect', () => {
      resolve(socket);
    });
    socket.once('error', reject);
  });
}
