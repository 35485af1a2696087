import { type RemoteInfo, createSocket } from 'node:dgram';

/** What a name resolves to the next time it is asked for: a list of IPv4 addresses, or silence. */
export type Answers = (name: string, asked: number) => readonly string[] | 'silence';

export interface NameServer {
  /** As `Resolver.setServers` wants it. */
  readonly address: string;
  /** How often each name was asked for its IPv4 addresses. */
  readonly asked: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** A name server for one test, which answers as it is told. It has no IPv6 addresses to give. */
export async function startNameServer(answers: Answers): Promise<NameServer> {
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (query: Buffer, from: RemoteInfo) => {
    const { name, end, type } = question(query);
    const isFour = type === 1;
    const times = (asked.get(name) ?? 0) + (isFour ? 1 : 0);
    asked.set(name, times);
    const addresses = isFour ? answers(name, times) : [];
    if (addresses !== 'silence') socket.send(response(query, end, addresses), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        socket.close(() => {
          resolve();
        });
      }),
  };
}

/** RFC 1035, section 4.1.2. */
function question(query: Buffer): { name: string; end: number; type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.subarray(at + 1, at + 1 + length).toString('ascii'));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5, type: query.readUInt16BE(at + 1) };
}

/** The question again, and an A record for each address with a time to live of zero. */
function response(query: Buffer, end: number, addresses: readonly string[]): Buffer {
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(addresses.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([head, ...records]);
}
