import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PROBLEMS } from '../../src/core/errors';
import { type ApiDocument, readDocument, validateAsOpenApi } from '../support/api-document';
import { type Json, type World, startWorld } from '../support/world';

/** The document at /openapi.json, and the page that shows it. */
let world: World;
let text: string;
let document: ApiDocument;

beforeAll(async () => {
  world = await startWorld({ working: false });
  const answer = await world.http.get('/openapi.json');
  expect(answer.status).toBe(200);
  text = answer.text;
  document = readDocument(answer.body);
});
afterAll(() => world.stop());

function lint(document: string): string[] {
  const linter = join(__dirname, '..', 'support', 'lint-openapi.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [linter], { input: document, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string[];
}

describe('the document', () => {
  it('passes the linter', () => {
    expect(lint(text)).toEqual([]);
    expect(lint(text.replace('"example":{"name":"Anna’s Books"}', '"example":{"name":7}'))).toHaveLength(1);
  });

  it('is one of OpenAPI 3.1 by the schema of its authors', () => {
    expect(validateAsOpenApi(document.json)).toBeUndefined();
    expect(validateAsOpenApi({ ...document.json, info: undefined })).toContain('info');
  });

  it('has a summary, a description, an example and the schema of its answer for every operation', () => {
    const incomplete = document.operations.flatMap(({ id, described }) =>
      whatIsMissing(described).map((what) => `${id}: ${what}`),
    );
    expect(incomplete).toEqual([]);
    expect(document.operations.length).toBeGreaterThan(30);
  });

  it('says of every value what it is', () => {
    expect(emptySchemas(document.json.components.schemas, '#/components/schemas')).toEqual([]);
    expect(emptySchemas(document.json.paths, '#/paths')).toEqual([]);
  });

  it('lists every code of a problem, with its status, and none that there is not', () => {
    for (const [code, { status }] of Object.entries(PROBLEMS)) {
      expect(document.json.info.description).toContain(`| \`${code}\` | ${status} |`);
    }
    expect(document.json.components.schemas.Problem.properties.code.enum).toEqual(Object.keys(PROBLEMS));
  });

  it('asks for an idempotency key on every POST of callers with a key, and for a token on all that is not open', () => {
    for (const { path, method, described } of document.operations) {
      const keyed = path.startsWith('/admin/') || path.startsWith('/v1/');
      const key = described.parameters.some((one: Json) => one.$ref?.endsWith('/Idempotency-Key'));
      expect([path, key]).toEqual([path, keyed && method === 'post']);
      const scheme = path.startsWith('/admin/') ? [{ operator: [] }] : [{ merchant: [] }];
      expect([path, described.security]).toEqual([path, keyed ? scheme : []]);
    }
  });

  it('may be kept for a while, and is not sent again to whoever has it', async () => {
    const first = await world.http.get('/openapi.json');
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    expect(first.headers['content-type']).toMatch(/^application\/json/);
    const again = await world.http.get('/openapi.json').set('If-None-Match', String(first.headers['etag']));
    expect([again.status, again.text]).toEqual([304, '']);
  });
});

describe('/docs', () => {
  it('brings everything that it needs from here, and works over plain HTTP', async () => {
    const page = await world.http.get('/docs');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/upgrade-insecure-requests|unsafe|https?:/);
    const wanted = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!);
    expect(wanted.length).toBeGreaterThan(2);
    for (const address of wanted) {
      expect(address).toMatch(/^\/docs\//);
      expect([address, (await world.http.get(address)).status]).toEqual([address, 200]);
    }
    expect(page.text).not.toMatch(/<script>|<style|\son\w+=/);
  });

  it('serves no other file', async () => {
    for (const path of [
      '/docs/package.json',
      '/docs/..%2fpackage.json',
      '/docs/%2e%2e/package.json',
      '/docs/index.html',
    ]) {
      expect([path, (await world.http.get(path)).status]).toEqual([path, 404]);
    }
  });
});

function whatIsMissing(described: Json): string[] {
  const missing: string[] = [];
  const must = (there: unknown, what: string): void => {
    if (there === undefined || there === '') missing.push(what);
  };
  must(described.summary, 'a summary');
  must(described.description, 'a description');
  for (const parameter of described.parameters.filter((one: Json) => one.$ref === undefined)) {
    must(parameter.example, `an example of ${parameter.name}`);
  }
  for (const [type, content] of Object.entries<Json>(described.requestBody?.content ?? {})) {
    must(content.example ?? content.examples, `an example of a body as ${type}`);
  }
  for (const [status, response] of Object.entries<Json>(described.responses)) {
    const { description, content } = document.resolve(response);
    must(description, `what ${status} means`);
    if (status === '204') continue;
    must(content, `what ${status} holds`);
    for (const [type, { schema, example, examples }] of Object.entries<Json>(content ?? {})) {
      must(schema, `the schema of ${status} as ${type}`);
      must(example ?? examples, `an example of ${status} as ${type}`);
    }
  }
  return missing;
}

const SAYS_SOMETHING = ['type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const'];
/** Schemas that let everything pass: what zod cannot express must say by `sent` what it is. */
function emptySchemas(value: Json, where: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries<Json>(value).flatMap(([name, inner]) => {
    if (name === 'example' || name === 'examples' || typeof inner !== 'object' || inner === null) return [];
    const isSchema =
      name === 'schema' || name === 'items' || /\/(properties|anyOf|oneOf)$|components\/schemas$/.test(where);
    const empty = isSchema && !SAYS_SOMETHING.some((word) => word in inner);
    return [...(empty ? [`${where}/${name}`] : []), ...emptySchemas(inner, `${where}/${name}`)];
  });
}
