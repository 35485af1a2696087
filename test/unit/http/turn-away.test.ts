import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { turnAway } from '../../../src/http/turn-away';

const time = { ms: 0 };
const clock = { now: () => new Date(time.ms), elapsed: () => time.ms };
const logged: object[] = [];
const logger = { warn: (facts: object) => logged.push(facts) };
let turnedAway = 0;

function create(most: number) {
  const onTurnedAway = (): void => void (turnedAway += 1);
  return turnAway({ most, newRequestId: () => 'req', logger, clock, onTurnedAway });
}

/** Whether a request gets through, what it was answered where not, and how its answer goes out. */
function ask(handler: ReturnType<typeof turnAway>, url = '/callbacks/bank', method = 'POST') {
  const res = Object.assign(new EventEmitter(), {
    status: undefined as number | undefined,
    headers: {},
    body: '',
    writeHead: (status: number, headers: Record<string, unknown>) => Object.assign(res, { status, headers }),
    end: (body: string) => Object.assign(res, { body }),
  });
  let passed = false;
  void handler(Object.assign(Object.create(null) as Request, { method, url }), res as unknown as Response, () => {
    passed = true;
  });
  return { passed, res, answered: () => res.emit('close') };
}

beforeEach(() => {
  [time.ms, turnedAway] = [0, 0];
  logged.length = 0;
});

it('turns callbacks away where as many are unanswered as may be, and takes the next for each that is answered', () => {
  const handler = create(2);
  const [first] = [ask(handler), ask(handler)];
  const third = ask(handler);
  expect([third.passed, third.res.status, turnedAway]).toEqual([false, 503, 1]);
  expect(third.res.headers).toMatchObject({ 'Retry-After': '15', 'X-Request-Id': 'req' });
  expect(JSON.parse(third.res.body)).toMatchObject({ code: 'overloaded', status: 503, request_id: 'req' });
  first.answered();
  expect([ask(handler).passed, ask(handler).passed]).toEqual([true, false]);
});

it('does not count what has been unanswered for more than two seconds, nor its answer when that comes', () => {
  const handler = create(1);
  const hanging = ask(handler);
  time.ms = 1_999;
  expect(ask(handler).passed).toBe(false);
  time.ms = 2_000;
  expect(ask(handler).passed).toBe(true);
  hanging.answered();
  expect(ask(handler).passed).toBe(false);
});

it('lets everything else through', () => {
  const handler = create(1);
  ask(handler);
  expect(ask(handler, '/v1/orders').passed).toBe(true);
  expect(ask(handler, '/callbacks/bank', 'GET').passed).toBe(true);
});

it('writes few lines, however many it turns away', () => {
  const handler = create(1);
  for (let one = 0; one < 1_000; one += 1) ask(handler);
  expect([turnedAway, logged.length]).toEqual([999, 10]);
});
