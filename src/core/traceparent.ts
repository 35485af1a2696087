/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): one text that names a trace, the span that continues from
 * here, and whether the trace is recorded. It goes in and out in the header `traceparent`, and lies in the rows of what
 * goes on later, in another process or after a crash.
 */
declare const traceparentBrand: unique symbol;
export type Traceparent = string & { readonly [traceparentBrand]: true };

/** What a traceparent names. Ids are lower-case hex: 32 characters of the trace, 16 of the span. */
export interface TraceParts {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const VERSION_0 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** A version that is not known yet begins as version 0 does, and may go on behind a dash (section 3.2.4). */
const LATER = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
/** Longer than any that a version to come should need; what is longer is nobody's honest header. */
const LONGEST = 256;
const SAMPLED = 0x01;

/** @returns undefined for whatever is no valid traceparent: its bearer begins a trace of its own */
export function readTraceparent(header: string | undefined): TraceParts | undefined {
  if (header === undefined || header.length > LONGEST) return undefined;
  const [, traceId, spanId, flags] = VERSION_0.exec(header) ?? LATER.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceParts): Traceparent {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}` as Traceparent;
}

/** The fields by which every log line of a trace is found; none where there is no trace. */
export function traceFields(
  traceparent: Traceparent | null | undefined,
): { readonly trace_id: string; readonly span_id: string } | undefined {
  if (traceparent === null || traceparent === undefined) return undefined;
  return { trace_id: traceparent.slice(3, 35), span_id: traceparent.slice(36, 52) };
}

/** The trace that a row's `traceparent` names; null where there is none, or it is not valid. */
export function traceIdOf(traceparent: string | null): string | null {
  return readTraceparent(traceparent ?? undefined)?.traceId ?? null;
}

export function traceOf(item: { readonly traceparent: Traceparent | null }): Traceparent | null {
  return item.traceparent;
}
