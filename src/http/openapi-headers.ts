import type { CommonHeader } from './operation';
import type { JsonSchema } from './openapi-schemas';

type Described = { readonly description: string; readonly schema: JsonSchema; readonly example: unknown };

const REQUEST_ID = '8a2f6f0e-3c1b-4f7e-9d55-0c6a2b7d9e10';

const HEADERS: Readonly<Record<CommonHeader, Described>> = {
  'X-Request-Id': {
    description: 'The id of this request in the logs: the one that was sent, else one of ours.',
    schema: { type: 'string', pattern: '^[0-9A-Za-z._:-]{1,128}$' },
    example: REQUEST_ID,
  },
  'Retry-After': {
    description: 'So many seconds after which the same request may succeed.',
    schema: { type: 'integer', minimum: 0 },
    example: 1,
  },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750).',
    schema: { type: 'string' },
    example: 'Bearer realm="quittance"',
  },
  'Idempotency-Replayed': {
    description: '`true` where this is the kept answer to an earlier request with the same Idempotency-Key.',
    schema: { type: 'string', const: 'true' },
    example: 'true',
  },
};

/**
 * References to the headers of an answer.
 * @param components `components.headers`, to which those are added that are not there yet: each as it always comes, or as
 * one that may be missing
 */
export function headerReferences(
  components: Record<string, unknown>,
  headers: Readonly<Partial<Record<CommonHeader, 'always' | 'sometimes'>>>,
): JsonSchema {
  const references = Object.entries(headers).map(([header, when]) => {
    const required = when === 'always';
    const name = required ? header : `${header}-Sometimes`;
    components[name] ??= { ...HEADERS[header as CommonHeader], required };
    return [header, { $ref: `#/components/headers/${name}` }];
  });
  return Object.fromEntries(references) as JsonSchema;
}

/**
 * `components.parameters`: what many operations take. `limit` and `cursor` come from the schemas that read them. The headers
 * have no examples: the viewer would fill them in, and every second call would be the repetition of the first.
 */
export function parameterComponents(limit: JsonSchema, cursor: JsonSchema): Record<string, unknown> {
  return {
    limit: { name: 'limit', in: 'query', description: 'How many rows a page has at most.', schema: limit, example: 20 },
    cursor: {
      name: 'cursor',
      in: 'query',
      description: '`next_cursor` of the page before, as it was given; without it the list begins.',
      schema: cursor,
    },
    'Idempotency-Key': {
      name: 'Idempotency-Key',
      in: 'header',
      description:
        'Any text of your own that is unique to this request, such as a UUID. Repeated within 24 hours with the same ' +
        'content, the request is done once and gets the same answer; with other content it is refused.',
      schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
    },
    'X-Request-Id': {
      name: 'X-Request-Id',
      in: 'header',
      description:
        'An id of your own for this request; the answer and our logs carry it. One of another form is ignored.',
      schema: { type: 'string', pattern: '^[0-9A-Za-z._:-]{1,128}$' },
    },
  };
}
