import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import type { Json } from './world';

/** An operation as the document at /openapi.json has it, with its path and method. */
export interface DocumentedOperation {
  readonly id: string;
  readonly path: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly described: Json;
}

/** What a program knows of the API that has read the document and nothing else. */
export interface ApiDocument {
  readonly json: Json;
  readonly operations: readonly DocumentedOperation[];
  operation(id: string): DocumentedOperation;
  /** What a reference stands for; anything else is itself. */
  resolve(value: Json): Json;
  /** What is wrong with a value by a schema of the document, named by its JSON pointer; undefined where nothing is. */
  validate(pointer: string, value: unknown): string | undefined;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;
const DOCUMENT = 'https://quittance.test/openapi.json';

export function readDocument(json: Json): ApiDocument {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true });
  addFormats(ajv);
  // The words of a document that are not of JSON Schema.
  ajv.addVocabulary(['openapi', 'info', 'servers', 'tags', 'paths', 'webhooks', 'components']);
  ajv.addSchema(json, DOCUMENT);
  const compiled = new Map<string, ValidateFunction>();
  const operations = Object.entries<Json>(json.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method) => ({
      id: item[method].operationId,
      path,
      method,
      described: item[method],
    })),
  );
  return {
    json,
    operations,
    operation: (id) => {
      const found = operations.find((operation) => operation.id === id);
      if (found === undefined) throw new Error(`the document has no operation "${id}"`);
      return found;
    },
    resolve: (value) => (typeof value?.$ref === 'string' ? at(json, value.$ref.slice(1)) : value),
    validate: (pointer, value) => {
      const check = compiled.get(pointer) ?? ajv.compile({ $ref: `${DOCUMENT}#${encodeURI(pointer)}` });
      compiled.set(pointer, check);
      if (check(value)) return undefined;
      return ajv.errorsText(check.errors, { separator: '\n' });
    },
  };
}

/** The operations whose path a request may mean: a name in a path takes whatever has no slash. */
export function operationsAt(
  { operations }: ApiDocument,
  method: string,
  target: string,
): readonly DocumentedOperation[] {
  const [path = ''] = target.split('?');
  return operations.filter((operation) => {
    const pattern = operation.path.replace(/[.*+]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+');
    return operation.method === method && new RegExp(`^${pattern}/?$`, 'i').test(path);
  });
}

/** The value at a JSON pointer (RFC 6901). */
export function at(json: Json, pointer: string): Json {
  const parts = pointer.split('/').slice(1);
  return parts.reduce((value, part) => value?.[part.replaceAll('~1', '/').replaceAll('~0', '~')], json);
}

/** A JSON pointer to what these names lead to. */
export function pointerTo(...names: readonly (string | number)[]): string {
  return names.map((name) => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** What the OpenAPI Initiative's own schema for documents of version 3.1 finds wrong; undefined where nothing is. */
export function validateAsOpenApi(json: Json): string | undefined {
  const home = dirname(require.resolve('@seriousme/openapi-schema-validator/package.json'));
  const schema = JSON.parse(readFileSync(join(home, 'schemas', 'v3.1', 'schema.json'), 'utf8')) as object;
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { 'media-range': true } });
  addFormats(ajv);
  const check = ajv.compile(schema);
  return check(json) ? undefined : ajv.errorsText(check.errors, { separator: '\n' });
}
