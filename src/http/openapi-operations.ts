import { z } from 'zod';
import type { ProblemCode } from '../core/errors';
import type { Audience } from './api-description';
import { exampleOf } from './openapi-examples';
import { headerReferences } from './openapi-headers';
import {
  byStatus,
  exampleProblem,
  explained,
  isPaged,
  problemHeaders,
  problemsOf,
  responseName,
} from './openapi-problems';
import type { JsonSchema, SchemaWriter } from './openapi-schemas';
import type { Operation } from './operation';

export interface DocumentWriter {
  readonly schemas: SchemaWriter;
  /** `components.responses`. */
  readonly responses: Record<string, unknown>;
  /** `components.headers`. */
  readonly headers: Record<string, unknown>;
}

const SECURITY: Readonly<Record<Audience, readonly unknown[]>> = {
  operator: [{ operator: [] }],
  merchant: [{ merchant: [] }],
  gateway: [],
  anybody: [],
};

/** One operation as an Operation Object of OpenAPI 3.1. */
export function describeOperation(
  writer: DocumentWriter,
  operation: Operation,
  where: { readonly audience: Audience; readonly tag: string },
): JsonSchema {
  const requestBody = describeBody(writer, operation);
  return {
    operationId: operation.id,
    tags: [where.tag],
    summary: operation.summary,
    description: descriptionOf(operation),
    security: SECURITY[where.audience],
    parameters: describeParameters(writer, operation, where.audience),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: describeResponses(writer, operation, where.audience),
  };
}

function descriptionOf({ description, summary, problems }: Operation): string {
  const own = problems.filter((code) => code !== 'invalid_cursor');
  const list = own.length === 0 ? [] : [`Problems of its own:\n\n${own.map(explained).join('\n')}`];
  return [description ?? `${summary}.`, ...list].join('\n\n');
}

function describeParameters(writer: DocumentWriter, operation: Operation, audience: Audience): readonly JsonSchema[] {
  const { example } = operation;
  const common = (name: string): JsonSchema => ({ $ref: `#/components/parameters/${name}` });
  const named = (
    schema: Operation['params'],
    place: 'path' | 'query',
    given: Readonly<Record<string, string>> = {},
  ) => {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = writer.schemas.write(schema, 'input');
    return Object.entries(properties as Record<string, JsonSchema>).flatMap(([name, property]) =>
      place === 'query' && isPaged(operation) && (name === 'limit' || name === 'cursor')
        ? []
        : [
            {
              name,
              in: place,
              required: place === 'path' || (required as readonly string[]).includes(name),
              ...(property['description'] === undefined ? {} : { description: property['description'] }),
              schema: property,
              example: given[name] ?? exampleOf(property, writer.schemas.components),
            },
          ],
    );
  };
  const headers = (operation.headers ?? []).map((header) => ({
    ...header,
    in: 'header',
    required: false,
    schema: { type: 'string' },
  }));
  return [
    ...named(operation.params, 'path', example?.params),
    ...named(operation.query, 'query', example?.query),
    ...(isPaged(operation) ? [common('limit'), common('cursor')] : []),
    ...headers,
    ...(operation.method === 'post' && audience !== 'gateway' ? [common('Idempotency-Key')] : []),
    common('X-Request-Id'),
  ];
}

function describeBody(writer: DocumentWriter, { body, rawBody, example }: Operation): JsonSchema | undefined {
  if (rawBody !== undefined) {
    const content = Object.entries(rawBody.content).map(([type, { schema, examples }]) => [
      type,
      { schema: writer.schemas.write(schema, 'input'), examples },
    ]);
    return { description: rawBody.description, required: true, content: Object.fromEntries(content) as JsonSchema };
  }
  if (body === undefined) return undefined;
  const schema = writer.schemas.write(body, 'input');
  const given = example?.body ?? exampleOf(schema, writer.schemas.components);
  return {
    required: !body.safeParse(undefined).success,
    content: { 'application/json': { schema, example: given } },
  };
}

function describeResponses(writer: DocumentWriter, operation: Operation, audience: Audience): JsonSchema {
  const { answer } = operation;
  const responses: Record<string, JsonSchema> = {
    [answer.status]: {
      description: answer.description,
      headers: headerReferences(writer.headers, {
        'X-Request-Id': 'always',
        ...(operation.method === 'post' && audience !== 'gateway' ? { 'Idempotency-Replayed': 'sometimes' } : {}),
      }),
      ...contentOf(writer, successContents(answer), answer.example),
    },
  };
  for (const other of operation.otherAnswers ?? []) {
    responses[other.status] = {
      description: other.description,
      headers: headerReferences(writer.headers, {
        'X-Request-Id': 'always',
        ...Object.fromEntries((other.headers ?? []).map((name) => [name, 'always'])),
      }),
      ...contentOf(writer, other.contents ?? {}),
    };
  }
  for (const [status, codes] of byStatus(problemsOf(operation, audience))) {
    const known = responses[status];
    responses[status] = known === undefined ? problemReference(writer, status, codes) : withProblem(known, codes);
  }
  return responses;
}

function successContents({ schema, contentType }: Operation['answer']): Readonly<Record<string, z.ZodType>> {
  if (schema === undefined && contentType === undefined) return {};
  return { [contentType ?? 'application/json']: schema ?? z.string() };
}

function contentOf(writer: DocumentWriter, contents: Readonly<Record<string, z.ZodType>>, given?: unknown): JsonSchema {
  const content = Object.entries(contents).map(([type, schema]) => {
    const written = writer.schemas.write(schema, 'output');
    return [type, { schema: written, example: given ?? exampleOf(written, writer.schemas.components) }];
  });
  return content.length === 0 ? {} : { content: Object.fromEntries(content) as JsonSchema };
}

/** A status and its codes are described once and referred to by every operation that has just these. */
function problemReference(writer: DocumentWriter, status: number, codes: readonly ProblemCode[]): JsonSchema {
  const name = responseName(codes);
  writer.responses[name] ??= {
    description: codes.map(explained).join('\n'),
    headers: headerReferences(writer.headers, problemHeaders(status)),
    content: problemContent(codes),
  };
  return { $ref: `#/components/responses/${name}` };
}

/** A status under which the handler answers in the gateway's words and the service, before that, with a problem. */
function withProblem(known: JsonSchema, codes: readonly ProblemCode[]): JsonSchema {
  const description = `${String(known['description'])}\n\n${codes.map(explained).join('\n')}`;
  return { ...known, description, content: { ...(known['content'] as JsonSchema), ...problemContent(codes) } };
}

function problemContent(codes: readonly ProblemCode[]): JsonSchema {
  return {
    'application/problem+json': {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Problem' },
          { type: 'object', properties: { code: { type: 'string', enum: codes } } },
        ],
      },
      examples: Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code) }])),
    },
  };
}
