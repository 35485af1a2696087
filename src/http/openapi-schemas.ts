import { z } from 'zod';

/** A JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1. */
export type JsonSchema = Record<string, unknown>;

export interface SchemaWriter {
  /** The named schemas that were met so far, for `components.schemas`. */
  readonly components: Readonly<Record<string, JsonSchema>>;
  /**
   * The schema of what a caller sends (`input`: before defaults and transformations) or gets (`output`). What has an id in
   * its metadata becomes a component and is referred to.
   * @throws Error where two different schemas have the same id
   */
  write(schema: z.ZodType, io: 'input' | 'output'): JsonSchema;
}

const DEFS = '#/$defs/';
const COMPONENTS = '#/components/schemas/';
/** What these hold is a schema, a list of schemas, or schemas by name; everything else is copied as it is. */
const ONE = new Set(['items', 'additionalProperties', 'propertyNames', 'not', 'contains']);
const LIST = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const BY_NAME = new Set(['properties', 'patternProperties']);

/**
 * Turns the schemas that validate into those of the document. Two words of a schema's metadata are ours: `example`, and
 * `sent`, which is the JSON Schema of what zod cannot express (a `z.custom`) or what the wire has otherwise (a number in a
 * query) and stands for the whole schema.
 */
export function createSchemaWriter(): SchemaWriter {
  const components: Record<string, JsonSchema> = {};
  const add = (id: string, schema: JsonSchema): void => {
    const known = components[id];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema)) {
      throw new Error(`two different schemas are called "${id}" in the API's document`);
    }
    components[id] = schema;
  };
  return {
    components,
    write: (schema, io) => {
      const { $defs, ...root } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
      delete root['$schema'];
      for (const [id, def] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>)) {
        // A definition that zod has named by itself belongs to a schema that says what is sent in its place.
        if (!id.startsWith('__')) add(id, tidied(def));
      }
      const written = tidied(root);
      const id = z.globalRegistry.get(schema)?.id;
      if (id === undefined || '$ref' in written) return written;
      add(id, written);
      return { $ref: `${COMPONENTS}${id}` };
    },
  };
}

function tidied(schema: JsonSchema): JsonSchema {
  if (typeof schema['sent'] === 'object') {
    const { description, example, sent } = schema;
    return tidied({
      ...(description === undefined ? {} : { description }),
      ...(example === undefined ? {} : { example }),
      ...(schema['default'] === undefined ? {} : { default: schema['default'] }),
      ...sent,
    });
  }
  const result: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'id') continue;
    if (keyword === 'example') result['examples'] = [value];
    else if (keyword === '$ref') result[keyword] = String(value).replace(DEFS, COMPONENTS);
    else if (ONE.has(keyword) && isSchema(value)) result[keyword] = tidied(value);
    else if (LIST.has(keyword) && Array.isArray(value)) result[keyword] = value.map((one: JsonSchema) => tidied(one));
    else if (BY_NAME.has(keyword) && isSchema(value)) result[keyword] = tidiedByName(value);
    else result[keyword] = value;
  }
  return withoutTheObvious(result);
}

function tidiedByName(schemas: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, tidied(schema as JsonSchema)]));
}

/** The calendar as a regular expression beside `date-time`, and the bounds of what a JSON number can be. */
function withoutTheObvious(schema: JsonSchema): JsonSchema {
  if (schema['format'] === 'date-time') schema['pattern'] = 'Z$';
  if (schema['minimum'] === Number.MIN_SAFE_INTEGER) delete schema['minimum'];
  if (schema['maximum'] === Number.MAX_SAFE_INTEGER) delete schema['maximum'];
  return schema;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
