import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { z } from 'zod';
import type { ProblemCode } from '../core/errors';
import { parse } from './parse';

/**
 * One operation of the API: what it takes, what it answers and which problems it may answer with. The same schemas read the
 * request and make the document at /openapi.json, so that the document cannot say something else than the service does.
 */
export interface Operation<Params = unknown, Query = unknown, Body = unknown, Answer = unknown> {
  /** Unique over the whole API, in camel case, a verb first: `createOrder`. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below the mount, as express writes it: `/:order_id/close`. */
  readonly path: string;
  /** One line. */
  readonly summary: string;
  /** What else a caller must know, as Markdown. */
  readonly description?: string;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** The media type of a body that is no JSON: the handler reads it from the request by itself. */
  readonly bodyContentType?: string;
  readonly answer: OperationAnswer<Answer>;
  /** What it may answer besides the problems that every operation has (authentication, limits, outages). */
  readonly problems: readonly ProblemCode[];
  /** A request that works, for the document: names and values of parameters, and the body. */
  readonly example?: {
    readonly params?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly body?: unknown;
  };
}

export interface OperationAnswer<Answer> {
  readonly status: 200 | 201 | 202 | 204;
  /** What the answer is, in a few words. */
  readonly description: string;
  /** None where there is no body. */
  readonly schema?: z.ZodType<Answer>;
  /** Where it is not JSON: the handler then writes to the response by itself. */
  readonly contentType?: string;
  readonly example?: unknown;
}

export interface Called<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly req: Request;
  readonly res: Response;
}

/** The routes of a concept below one mount, and what the document says of them. */
export interface Routes {
  readonly router: Router;
  /** The heading under which the document lists them: the concept in the plural. */
  readonly tag: string;
  readonly operations: readonly Operation[];
  /** Serves an operation. What the handler returns is the body of the answer. */
  serve<Params, Query, Body, Answer>(
    operation: Operation<Params, Query, Body, Answer>,
    handler: (called: Called<Params, Query, Body>) => Promise<Answer>,
  ): void;
}

/** Gives the compiler the types of an operation's schemas; the operation itself is data. */
export function operation<Params, Query, Body, Answer>(
  described: Operation<Params, Query, Body, Answer>,
): Operation<Params, Query, Body, Answer> {
  return described;
}

/** Routes whose parameters may come from the mount's own path, such as `/merchants/:merchant_id/endpoints`. */
export function createRoutes(tag: string): Routes {
  const router = Router({ mergeParams: true });
  const operations: Operation[] = [];
  return {
    router,
    tag,
    operations,
    serve: (described, handler) => {
      operations.push(described);
      router[described.method](described.path, requestHandler(described, handler));
    },
  };
}

function requestHandler<Params, Query, Body, Answer>(
  { params, query, body, answer }: Operation<Params, Query, Body, Answer>,
  handler: (called: Called<Params, Query, Body>) => Promise<Answer>,
): RequestHandler {
  return async (req, res) => {
    const called = {
      // An operation without a schema takes nothing from there, and its handler knows the value as `unknown`.
      params: params === undefined ? (undefined as Params) : parse(params, req.params, 'path'),
      query: query === undefined ? (undefined as Query) : parse(query, req.query, 'query'),
      body: body === undefined ? (undefined as Body) : parse(body, req.body, 'body'),
      req,
      res,
    };
    const answered = await handler(called);
    if (answer.contentType !== undefined) return;
    res.status(answer.status);
    if (answer.schema === undefined) res.end();
    else res.json(answered);
  };
}
