import { type ApiDocument, at, pointerTo } from './api-document';
import type { Json } from './world';

export interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | undefined>;
  readonly body: Json;
  readonly text: string;
}

/** What of an answer to an operation the document does not know: its status, a header, its content type, its body. */
export function whatIsUndocumented(document: ApiDocument, id: string, answer: Answered): string[] {
  const { path, method } = document.operation(id);
  const place = pointerTo('paths', path, method, 'responses', answer.status);
  const reference: Json = at(document.json, place);
  if (reference === undefined) return [`${id} may not answer ${answer.status}: ${answer.text}`];
  const response = document.resolve(reference);
  const where = typeof reference.$ref === 'string' ? reference.$ref.slice(1) : place;
  return [...wrongHeaders(document, response, answer), ...wrongBody(document, where, response, answer)].map(
    (what) => `${id}: ${what}`,
  );
}

function wrongHeaders(document: ApiDocument, response: Json, answer: Answered): string[] {
  return Object.entries<Json>(response.headers ?? {}).flatMap(([name, reference]) => {
    const header = document.resolve(reference);
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined) return header.required === true ? [`header ${name} is missing`] : [];
    const typed = header.schema.type === 'integer' ? Number(value) : value;
    const wrong = document.validate(`${reference.$ref.slice(1)}/schema`, typed);
    return wrong === undefined ? [] : [`header ${name} is "${value}": ${wrong}`];
  });
}

function wrongBody(document: ApiDocument, place: string, response: Json, answer: Answered): string[] {
  const type = (answer.headers['content-type'] ?? '').split(';')[0]!;
  if (type === '' && answer.text === '') return [];
  if (response.content?.[type] === undefined) return [`content type "${type}" is not documented`];
  const body: unknown = type.endsWith('json') ? answer.body : answer.text;
  const wrong = document.validate(`${place}${pointerTo('content', type, 'schema')}`, body);
  return wrong === undefined ? [] : [`${wrong} in ${answer.text}`];
}
