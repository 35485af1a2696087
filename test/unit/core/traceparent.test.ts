import fc from 'fast-check';
import { systemRandom } from '../../../src/core/random';
import { formatTraceparent, readTraceparent, traceFields } from '../../../src/core/traceparent';
import { startSpan, traceparentOf } from '../../../src/core/tracing';
import { createIdTracer } from '../../../src/telemetry/id-tracer';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

it.each([
  [`00-${TRACE}-${SPAN}-01`, true],
  [`00-${TRACE}-${SPAN}-00`, false],
  [`00-${TRACE}-${SPAN}-03`, true],
  [`00-${TRACE}-${SPAN}-02`, false],
  [`01-${TRACE}-${SPAN}-01`, true],
  [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true],
])('%s is read', (header, sampled) => {
  expect(readTraceparent(header)).toEqual({ traceId: TRACE, spanId: SPAN, sampled });
});

it.each([
  '',
  ' ',
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-1`,
  `00-${TRACE}-${SPAN}-01-`,
  `00-${TRACE}-${SPAN}-01 `,
  `00-${TRACE}-${SPAN}-01\n`,
  `01-${TRACE}-${SPAN}-01x`,
  `ff-${TRACE}-${SPAN}-01`,
  `0-${TRACE}-${SPAN}-01`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `00-${'0'.repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE.slice(1)}-${SPAN}-01`,
  `00-${TRACE}-${SPAN}-0g`,
  `00_${TRACE}_${SPAN}_01`,
  `01-${TRACE}-${SPAN}-01-${'x'.repeat(300)}`,
  'é'.repeat(55),
])('%j is none', (header) => {
  expect(readTraceparent(header)).toBeUndefined();
});

it('whatever is read, is written as version 0 and read as the same', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/), (header) => {
      const parts = readTraceparent(header);
      if (parts === undefined) return;
      const written = formatTraceparent(parts);
      expect(written).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
      expect(readTraceparent(written)).toEqual(parts);
      expect(traceFields(written)).toEqual({ trace_id: parts.traceId, span_id: parts.spanId });
    }),
  );
  expect(traceFields(null)).toBeUndefined();
});

describe('the tracer that records nothing', () => {
  const tracer = createIdTracer(systemRandom);

  it('begins traces that say so, and goes on in those of others as they want it', () => {
    const first = readTraceparent(traceparentOf(startSpan(tracer, 'first', undefined)))!;
    expect(first.sampled).toBe(false);
    for (const flags of ['00', '01']) {
      const child = readTraceparent(traceparentOf(startSpan(tracer, 'child', `00-${TRACE}-${SPAN}-${flags}`)))!;
      expect(child).toMatchObject({ traceId: TRACE, sampled: flags === '01' });
      expect(child.spanId).not.toBe(SPAN);
    }
    expect(startSpan(tracer, 'first', 'nonsense').isRecording()).toBe(false);
  });

  it('never gives an id twice, nor one of zeros', () => {
    const ids = Array.from({ length: 20_000 }, () => traceparentOf(startSpan(tracer, 'one', undefined)));
    expect(new Set(ids.map((id) => id.slice(3, 35))).size).toBe(ids.length);
    let asked = 0;
    const zerosFirst = createIdTracer((bytes) => Buffer.alloc(bytes, asked++ === 0 ? 0 : 7));
    expect(readTraceparent(traceparentOf(startSpan(zerosFirst, 'one', undefined)))).toBeDefined();
  });
});
