import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../core/errors';
import type { Audience } from './api-description';
import type { CommonHeader, Operation } from './operation';
import { pageFields } from './pagination';

/** Codes of what is wrong before any route is met; some of them then have no request id. */
const BEFORE_ANY_ROUTE: readonly ProblemCode[] = [
  'request_timeout',
  'expectation_failed',
  'headers_too_large',
  'invalid_request',
  'internal',
];
const WITH_A_KEY: readonly ProblemCode[] = ['unauthenticated', 'rate_limited', 'unavailable', 'overloaded'];
/** A body that an operation has no use for is read all the same. */
const WITH_A_BODY: readonly ProblemCode[] = [
  'invalid_json',
  'body_too_large',
  'unsupported_encoding',
  'unsupported_media_type',
];
const WITH_AN_IDEMPOTENCY_KEY: readonly ProblemCode[] = ['idempotency_conflict', 'idempotency_in_progress'];
const WITHOUT_REQUEST_ID: readonly number[] = [408, 431];

/** RFC 9457 with a stable `code`. */
export const problemView = z
  .strictObject({
    type: z
      .string()
      .meta({ description: '`urn:quittance:problem:` and the code', example: 'urn:quittance:problem:not_found' }),
    title: z
      .string()
      .meta({ description: 'The same for every problem of this code', example: PROBLEMS.not_found.title }),
    status: z.int().meta({ description: 'The HTTP status', example: 404 }),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]).meta({
      description: 'Decide by this. Codes may be added; a code never changes its meaning',
      example: 'not_found',
    }),
    detail: z.string().meta({ description: 'What is wrong, for a person', example: 'there is no such order' }),
    request_id: z
      .string()
      .optional()
      .meta({ description: 'As in X-Request-Id', example: '8a2f6f0e-3c1b-4f7e-9d55-0c6a2b7d9e10' }),
    errors: z
      .array(
        z.strictObject({
          path: z.string().meta({ description: 'Where in the body, path or query', example: 'splits[0].amount' }),
          message: z.string().meta({ description: 'What is expected there', example: 'must not be empty' }),
        }),
      )
      .max(20)
      .optional()
      .meta({ description: 'With `invalid_request`: the fields that are wrong, the first 20 of them' }),
  })
  .meta({ id: 'Problem', description: 'Why a request was not done (RFC 9457)' });

/** Every code that an operation may answer with: its own and those that come with what it takes. */
export function problemsOf(operation: Operation, audience: Audience): readonly ProblemCode[] {
  const hasKey = audience === 'operator' || audience === 'merchant';
  return [
    ...new Set([
      ...BEFORE_ANY_ROUTE,
      ...(hasKey ? WITH_A_KEY : []),
      ...(audience === 'merchant' ? (['forbidden'] as const) : []),
      ...(hasKey ? WITH_A_BODY : []),
      ...(hasKey && operation.method === 'post' ? WITH_AN_IDEMPOTENCY_KEY : []),
      ...(isPaged(operation) ? (['invalid_cursor'] as const) : []),
      ...operation.problems,
    ]),
  ];
}

export function isPaged({ query }: Operation): boolean {
  return (
    query !== undefined && 'shape' in query && (query.shape as Record<string, unknown>)['cursor'] === pageFields.cursor
  );
}

/** Codes by the status that they are answered with, statuses ascending. */
export function byStatus(codes: readonly ProblemCode[]): ReadonlyMap<number, readonly ProblemCode[]> {
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))].sort((a, b) => a - b);
  return new Map(statuses.map((status) => [status, codes.filter((code) => PROBLEMS[code].status === status)]));
}

/** The headers of a problem, by whether it always has them. */
export function problemHeaders(status: number): Readonly<Partial<Record<CommonHeader, 'always' | 'sometimes'>>> {
  return {
    ...(WITHOUT_REQUEST_ID.includes(status) ? {} : { 'X-Request-Id': 'always' }),
    ...(status === 401 ? { 'WWW-Authenticate': 'always' } : {}),
    ...(status === 503 ? { 'Retry-After': 'always' } : {}),
    ...(status === 409 || status === 429 ? { 'Retry-After': 'sometimes' } : {}),
  };
}

/** `NotFound`, or `InvalidRequest_InvalidJson` where a status has several. */
export function responseName(codes: readonly ProblemCode[]): string {
  const pascal = (code: string): string =>
    code.replace(/(^|_)([a-z])/g, (_match, _line, letter: string) => letter.toUpperCase());
  return codes.map(pascal).join('_');
}

/** What a code means, as an item of a Markdown list. */
export function explained(code: ProblemCode): string {
  const { title, retryable } = PROBLEMS[code];
  return `- \`${code}\`: ${title}${retryable ? ' (the same request may succeed later)' : ''}`;
}

export function exampleProblem(code: ProblemCode): unknown {
  const { status, title } = PROBLEMS[code];
  return {
    type: `urn:quittance:problem:${code}`,
    title,
    status,
    code,
    detail: EXAMPLE_DETAILS[code] ?? 'a sentence for a person on this very request',
    ...(WITHOUT_REQUEST_ID.includes(status) ? {} : { request_id: '8a2f6f0e-3c1b-4f7e-9d55-0c6a2b7d9e10' }),
    ...(code === 'invalid_request' ? { errors: [{ path: 'name', message: 'must not be empty' }] } : {}),
  };
}

const EXAMPLE_DETAILS: Partial<Record<ProblemCode, string>> = {
  invalid_request: '"name" is not valid: must not be empty',
  not_found: 'there is no such thing',
  unauthenticated: 'send an API key as "Authorization: Bearer qk_..."',
  unavailable: 'something that this needs cannot be reached just now',
};
