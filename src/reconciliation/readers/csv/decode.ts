import { StatementRefused } from '../../statement-line';

/**
 * Decodes a file piece by piece and strictly: a byte that is none of the encoding refuses the file, because a replaced
 * character in a reference would make it another reference. A byte order mark is taken away.
 * @throws StatementRefused where the bytes are not of this encoding, or hold a NUL
 */
export async function* decode(chunks: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let bytes = 0;
  for await (const chunk of chunks) {
    const text = decodePart(() => decoder.decode(chunk, { stream: true }), encoding, bytes, chunk.length);
    bytes += chunk.length;
    if (text !== '') yield text;
  }
  const last = decodePart(() => decoder.decode(), encoding, bytes, 0);
  if (last !== '') yield last;
}

function decodePart(read: () => string, encoding: string, from: number, length: number): string {
  let text: string;
  try {
    text = read();
  } catch {
    throw new StatementRefused([
      { reason: `the file is not ${encoding}: a wrong byte between byte ${from} and byte ${from + length}` },
    ]);
  }
  if (text.includes('\u0000')) {
    throw new StatementRefused([
      { reason: `the file holds a NUL character between byte ${from} and byte ${from + length}` },
    ]);
  }
  return text;
}
