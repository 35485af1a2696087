/** The service cannot start, and the message tells a person why and what to do about it, in one line. */
export class StartRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartRefused';
  }
}

/** The text of whatever was thrown, on one line. */
export function oneLine(error: unknown): string {
  const nested = error instanceof AggregateError ? (error.errors as unknown[]).map(oneLine) : [];
  const text = [error instanceof Error ? error.message : String(error), ...nested]
    .filter((part) => part !== '')
    .join('; ');
  return text === '' && error instanceof Error ? error.name : text.replace(/\s+/g, ' ').trim();
}
