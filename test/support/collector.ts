import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
}

export interface TestCollector {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is. */
  readonly url: string;
  readonly spans: CollectedSpan[];
  readonly resource: Record<string, unknown>;
  readonly headers: Record<string, unknown>[];
  close(): Promise<void>;
}

/** An OpenTelemetry collector as far as traces go: OTLP over HTTP in protobuf, read by its own small reader. */
export async function startCollector(): Promise<TestCollector> {
  const spans: CollectedSpan[] = [];
  const resource: Record<string, unknown> = {};
  const headers: Record<string, unknown>[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      headers.push({ ...req.headers, path: req.url });
      for (const resourceSpans of messages(Buffer.concat(chunks), 1)) {
        for (const one of messages(resourceSpans, 1)) Object.assign(resource, attributes(one, 1));
        for (const scope of messages(resourceSpans, 2)) spans.push(...messages(scope, 2).map(spanOf));
      }
      res.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    resource,
    headers,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function spanOf(bytes: Buffer): CollectedSpan {
  const hex = (field: number): string => messages(bytes, field)[0]?.toString('hex') ?? '';
  const [status] = messages(bytes, 15);
  return {
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    name: messages(bytes, 5)[0]!.toString(),
    kind: numbers(bytes, 6)[0] ?? 0,
    attributes: attributes(bytes, 9),
    links: messages(bytes, 13).map((link) => ({
      traceId: messages(link, 1)[0]!.toString('hex'),
      spanId: messages(link, 2)[0]!.toString('hex'),
    })),
    isError: status !== undefined && numbers(status, 3)[0] === 2,
  };
}

function attributes(bytes: Buffer, field: number): CollectedSpan['attributes'] {
  return Object.fromEntries(
    messages(bytes, field).map((pair) => [messages(pair, 1)[0]!.toString(), anyValue(messages(pair, 2)[0]!)]),
  );
}

function anyValue(bytes: Buffer): string | number | string[] {
  const [text] = messages(bytes, 1);
  if (text !== undefined) return text.toString();
  const [list] = messages(bytes, 5);
  if (list !== undefined) return messages(list, 1).map((one) => String(anyValue(one)));
  return numbers(bytes, 3)[0] ?? numbers(bytes, 2)[0] ?? Number.NaN;
}

function messages(bytes: Buffer, field: number): Buffer[] {
  return fields(bytes).flatMap((one) => (one.field === field && Buffer.isBuffer(one.value) ? [one.value] : []));
}

function numbers(bytes: Buffer, field: number): number[] {
  return fields(bytes).flatMap((one) => (one.field === field && typeof one.value === 'number' ? [one.value] : []));
}

/** Protobuf's wire format: a varint of field and type, then a varint, eight bytes, a length and its bytes, or four bytes. */
function fields(bytes: Buffer): { field: number; value: Buffer | number }[] {
  const found: { field: number; value: Buffer | number }[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = varint();
    const type = tag & 7;
    const value = type === 0 ? varint() : take(type === 1 ? 8 : type === 5 ? 4 : varint());
    found.push({ field: Math.floor(tag / 8), value });
  }
  return found;
}
