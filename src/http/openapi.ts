import type { ApiDescription, MountedFor } from './api-description';
import { parameterComponents } from './openapi-headers';
import { describeOperation, type DocumentWriter } from './openapi-operations';
import { problemView } from './openapi-problems';
import { createSchemaWriter, type JsonSchema } from './openapi-schemas';
import { API_INTRODUCTION, SECURITY_SCHEMES } from './openapi-texts';
import { WEBHOOKS_TAG, describeWebhook } from './openapi-webhooks';
import { pageFields } from './pagination';

/**
 * The OpenAPI 3.1 document of everything that is mounted, from the schemas that validate. Pure: the same mounts make the
 * same document.
 * @throws Error where two operations have one id, or two schemas one name
 */
export function openApiDocument(mounted: readonly MountedFor[], api: ApiDescription): JsonSchema {
  const writer: DocumentWriter = { schemas: createSchemaWriter(), responses: {}, headers: {} };
  writer.schemas.write(problemView, 'output');
  const { paths, tags } = describePaths(writer, mounted);
  const webhooks = api.webhooks.map((webhook) => [webhook.type, { post: describeWebhook(writer, webhook) }]);
  if (webhooks.length > 0) tags.add(WEBHOOKS_TAG);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Quittance',
      version: api.version,
      summary: 'The payment-callback ledger',
      description: API_INTRODUCTION,
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The service that this document came from' }],
    tags: tagsInOrder(api.tags, tags),
    paths,
    webhooks: Object.fromEntries(webhooks),
    components: {
      schemas: inOrder(writer.schemas.components),
      responses: inOrder(writer.responses),
      parameters: parameterComponents(
        writer.schemas.write(pageFields.limit, 'input'),
        writer.schemas.write(pageFields.cursor, 'input'),
      ),
      headers: inOrder(writer.headers),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

function describePaths(
  writer: DocumentWriter,
  mounted: readonly MountedFor[],
): { readonly paths: Record<string, JsonSchema>; readonly tags: Set<string> } {
  const paths: Record<string, JsonSchema> = {};
  const ids = new Set<string>();
  const tags = new Set<string>();
  for (const { path: prefix, audience, mounts } of mounted) {
    for (const { path, routes } of mounts) {
      if (!('operations' in routes)) continue;
      tags.add(routes.tag);
      for (const operation of routes.operations) {
        if (ids.has(operation.id)) throw new Error(`two operations of the API are called "${operation.id}"`);
        ids.add(operation.id);
        const full = openApiPath(prefix, path, operation.path);
        const described = describeOperation(writer, operation, { audience, tag: routes.tag });
        paths[full] = { ...paths[full], [operation.method]: described };
      }
    }
  }
  return { paths, tags };
}

/** `/admin` + `/merchants` + `/:merchant_id/suspend` is `/admin/merchants/{merchant_id}/suspend`. */
function openApiPath(...parts: readonly string[]): string {
  const path = parts
    .join('/')
    .replace(/\/+/g, '/')
    .replace(/:(\w+)/g, '{$1}');
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}

/** Headings that are described come first, in the order of their descriptions; another has none, and the linter says so. */
function tagsInOrder(described: ApiDescription['tags'], used: ReadonlySet<string>): readonly unknown[] {
  const known = Object.entries(described).filter(([name]) => used.has(name));
  const others = [...used].filter((name) => !(name in described));
  return [...known.map(([name, description]) => ({ name, description })), ...others.map((name) => ({ name }))];
}

function inOrder(components: Readonly<Record<string, unknown>>): JsonSchema {
  return Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
}
