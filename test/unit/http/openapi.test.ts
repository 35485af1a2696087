import { Router } from 'express';
import { z } from 'zod';
import { shownId } from '../../../src/http/fields';
import { openApiDocument } from '../../../src/http/openapi';
import { createSchemaWriter } from '../../../src/http/openapi-schemas';
import { type Operation, createRoutes, operation } from '../../../src/http/operation';
import { pageFields } from '../../../src/http/pagination';
import type { Json } from '../../support/world';

/** What the document's generator makes of schemas and operations. */
const input = (schema: z.ZodType): Json => createSchemaWriter().write(schema, 'input');
const output = (schema: z.ZodType): Json => createSchemaWriter().write(schema, 'output');

describe('a schema', () => {
  it('that transforms is shown as what the caller sends', () => {
    expect(input(shownId('order'))).toMatchObject({ type: 'string', pattern: expect.stringMatching(/^\^ord_/) });
  });

  it('that zod cannot express is shown as what it says is sent, with its default', () => {
    const sent = {
      oneOf: [
        { type: 'string', enum: ['a'] },
        { type: 'array', items: { type: 'integer' } },
      ],
    };
    const schema = z.custom<string>(() => true).meta({ sent, description: 'either' });
    expect(input(z.object({ one: schema.default('a') })).properties.one).toEqual({
      ...sent,
      description: 'either',
      default: 'a',
    });
  });

  it('with a default is optional to send and always there in answers, which are closed where the schema is', () => {
    const schema = z.strictObject({ limit: z.string().default('20'), note: z.string().nullable() });
    expect(input(schema).required).toEqual(['note']);
    expect(output(schema)).toMatchObject({ required: ['limit', 'note'], additionalProperties: false });
    expect(output(schema).properties.note.type).toEqual(['string', 'null']);
  });

  it('with an id becomes a component, and the id itself no part of it, whatever its properties are called', () => {
    const writer = createSchemaWriter();
    const view = z.strictObject({ id: z.string().meta({ example: 'x' }) }).meta({ id: 'View', description: 'one' });
    expect(writer.write(z.array(view), 'output')).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/View' },
    });
    expect(writer.write(view, 'output')).toEqual({ $ref: '#/components/schemas/View' });
    expect(writer.components['View']).toEqual({
      type: 'object',
      description: 'one',
      properties: { id: { type: 'string', examples: ['x'] } },
      required: ['id'],
      additionalProperties: false,
    });
  });

  it('may not have the id of another', () => {
    const writer = createSchemaWriter();
    writer.write(z.string().meta({ id: 'Twice' }), 'output');
    expect(() => writer.write(z.int().meta({ id: 'Twice' }), 'output')).toThrow('"Twice"');
  });
});

describe('the document', () => {
  const listed = operation({
    id: 'listThings',
    method: 'get',
    path: '/:thing_id/parts',
    summary: 'List parts',
    params: z.object({ thing_id: z.string() }),
    query: z.strictObject({ ...pageFields, kind: z.enum(['a', 'b']).optional() }),
    answer: { status: 200, description: 'Parts', schema: z.strictObject({ data: z.array(z.string()) }) },
    problems: ['not_found'],
  });
  const documentOf = (...operations: Operation<never, never, never>[]): Json => {
    const routes = createRoutes('Things');
    for (const one of operations) routes.serveRaw(one, () => Promise.resolve());
    const mounts = [
      { path: '/things', routes },
      { path: '/old', routes: Router() },
    ];
    return openApiDocument([{ path: '/v1', audience: 'merchant', mounts }], { version: '1', tags: {}, webhooks: [] });
  };

  it('has full paths with their parameters, those of lists by reference, and nothing of plain routers', () => {
    const { paths } = documentOf(listed as never);
    expect(Object.keys(paths)).toEqual(['/v1/things/{thing_id}/parts']);
    const [thing, kind, ...others] = paths['/v1/things/{thing_id}/parts'].get.parameters;
    expect([thing.name, thing.in, thing.required]).toEqual(['thing_id', 'path', true]);
    expect([kind.name, kind.in, kind.required, kind.schema.enum]).toEqual(['kind', 'query', false, ['a', 'b']]);
    expect(others.map((one: Json) => one.$ref.split('/').at(-1))).toEqual(['limit', 'cursor', 'X-Request-Id']);
  });

  it('gives every operation the codes of its own and those that come with what it takes, by status', () => {
    const { paths, components } = documentOf(listed as never);
    const { responses } = paths['/v1/things/{thing_id}/parts'].get;
    const codes = Object.entries<Json>(responses).flatMap(([status, response]) => {
      const problem = components.responses[String(response.$ref).split('/').at(-1)!];
      const schema = problem?.content['application/problem+json'].schema;
      return schema === undefined ? [] : [[status, schema.allOf[1].properties.code.enum]];
    });
    expect(codes).toEqual([
      ['400', ['invalid_request', 'invalid_json', 'invalid_cursor']],
      ['401', ['unauthenticated']],
      ['403', ['forbidden']],
      ['404', ['not_found']],
      ['408', ['request_timeout']],
      ['413', ['body_too_large']],
      ['415', ['unsupported_encoding', 'unsupported_media_type']],
      ['417', ['expectation_failed']],
      ['429', ['rate_limited']],
      ['431', ['headers_too_large']],
      ['500', ['internal']],
      ['503', ['unavailable', 'overloaded']],
    ]);
  });

  it('is not made where two operations have one id', () => {
    expect(() => documentOf(listed as never, { ...listed, path: '/other' } as never)).toThrow('"listThings"');
  });
});
