import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { JsonSchema } from './openapi-schemas';
import { type Routes, createRoutes, operation } from './operation';

const getApiDocument = operation({
  id: 'getApiDocument',
  method: 'get',
  path: '/openapi.json',
  summary: 'Read this document',
  description: 'The OpenAPI 3.1 document of the service that answers; `/docs` shows it to people. It has an `ETag`.',
  answer: {
    status: 200,
    description: 'The document',
    schema: z.record(z.string(), z.unknown()),
    example: { openapi: '3.1.0', info: { title: 'Quittance', version: '1.0.0' }, paths: {} },
  },
  problems: [],
  example: {},
});

const MAY_BE_KEPT = 'public, max-age=300';

/**
 * The API's document, open to anybody: it holds nothing that is not true of every installation.
 * @param makeDocument called once, at the first request: a process that is never asked does not need it
 */
export function createDocumentRoutes(makeDocument: () => JsonSchema): Routes {
  const routes = createRoutes('Service');
  let made: { readonly bytes: Buffer; readonly etag: string } | undefined;
  routes.serveRaw(getApiDocument, ({ res }) => {
    made ??= withEtag(Buffer.from(JSON.stringify(makeDocument())));
    res.setHeader('Cache-Control', MAY_BE_KEPT).setHeader('ETag', made.etag);
    // express answers 304 by itself where the caller has what this ETag names.
    res.type('application/json').send(made.bytes);
    return Promise.resolve();
  });
  return routes;
}

function withEtag(bytes: Buffer): { readonly bytes: Buffer; readonly etag: string } {
  return { bytes, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
}
