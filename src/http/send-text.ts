import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';

/**
 * Answers with a text that is made piece by piece, as fast as the caller takes it. The first piece is made before anything
 * is sent, so that what fails at once is still answered as a problem; what fails later breaks the connection, and a
 * caller who goes away ends the making.
 * @param fileName what a browser would save it as: letters, digits, dots and hyphens
 */
export async function sendText(
  res: Response,
  answer: { readonly contentType: string; readonly fileName: string },
  pieces: AsyncGenerator<string>,
): Promise<void> {
  const first = await pieces.next();
  res.status(200).type(answer.contentType);
  res.setHeader('Content-Disposition', `attachment; filename="${answer.fileName}"`);
  try {
    await pipeline(Readable.from(withFirst(first, pieces)), res);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

async function* withFirst(
  first: IteratorResult<string>,
  rest: AsyncGenerator<string>,
): AsyncGenerator<string, void, undefined> {
  if (first.done === true) return;
  yield first.value;
  yield* rest;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}
