import type { JsonSchema } from './openapi-schemas';

/**
 * An example of what a schema describes, put together from the examples of its parts, so that the example of an answer
 * cannot fall behind the answer.
 * @param components the named schemas that it may refer to
 */
export function exampleOf(schema: JsonSchema, components: Readonly<Record<string, JsonSchema>>): unknown {
  const given = givenExample(schema);
  if (given !== undefined) return given;
  const example = (part: unknown): unknown => exampleOf(part as JsonSchema, components);
  if (typeof schema['$ref'] === 'string') {
    return example(components[schema['$ref'].slice('#/components/schemas/'.length)] ?? {});
  }
  const either = [schema['oneOf'], schema['anyOf']].find(Array.isArray);
  if (either !== undefined) return example(either[0]);
  if (Array.isArray(schema['allOf'])) return Object.assign({}, ...schema['allOf'].map(example)) as unknown;
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'object':
      return exampleOfObject(schema, example);
    case 'array':
      return [example(schema['items'] ?? {})];
    case 'string':
      return schema['format'] === 'date-time' ? '2026-11-21T09:30:00.000Z' : 'text';
    case 'integer':
    case 'number':
      return schema['minimum'] ?? 1;
    case 'boolean':
      return true;
    default:
      return null;
  }
}

function givenExample(schema: JsonSchema): unknown {
  if (Array.isArray(schema['examples'])) return schema['examples'][0];
  if (schema['const'] !== undefined) return schema['const'];
  return Array.isArray(schema['enum']) ? schema['enum'][0] : undefined;
}

function exampleOfObject(schema: JsonSchema, example: (part: unknown) => unknown): unknown {
  const properties = Object.entries((schema['properties'] ?? {}) as JsonSchema);
  const named = Object.fromEntries(properties.map(([name, part]) => [name, example(part)]));
  const others = schema['additionalProperties'];
  if (properties.length > 0 || typeof others !== 'object' || others === null) return named;
  return { name: example(others) };
}
