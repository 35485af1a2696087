import { createHash } from 'node:crypto';
import express from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { z } from 'zod';
import { Problem } from '../../../src/core/errors';
import { type MerchantId, createIds } from '../../../src/core/ids';
import { systemClock } from '../../../src/core/clock';
import { type KnownKey, merchantAuthentication } from '../../../src/http/authentication';
import { merchantOf } from '../../../src/http/caller';
import { shownId } from '../../../src/http/fields';
import { listed, readPage, rowsToRead } from '../../../src/http/pagination';
import { parse } from '../../../src/http/parse';
import { problemHandler } from '../../../src/http/problem-details';

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('no problem');
}

describe('parsing', () => {
  it('names fields by their path, and not more than twenty of them', () => {
    const schema = z.strictObject({ list: z.array(z.strictObject({ a: z.string() })) });
    expect(problemOf(() => parse(schema, { list: [{ a: '' }, { a: 1 }] })).fields[0]?.path).toBe('list[1].a');
    const many = problemOf(() => parse(schema, { list: Array.from({ length: 100 }, () => ({})) }));
    expect(many.fields).toHaveLength(20);
    expect(problemOf(() => parse(schema, undefined, 'body')).detail).toMatch(/^body is not valid/);
  });

  it('reads ids of their kind only', () => {
    const id = createIds(systemClock).next();
    expect(parse(shownId('order'), `ord_${id}`)).toBe(id);
    for (const wrong of [`acc_${id}`, id, `ord_${id} `, `ord_${id.toUpperCase()}`, 'ord_', 1, null]) {
      expect(problemOf(() => parse(shownId('order'), wrong)).code).toBe('invalid_request');
    }
  });
});

describe('pages', () => {
  const rows = (count: number, from: number): { n: number }[] =>
    Array.from({ length: count }, (_, i) => ({ n: from - i }));
  const show = (row: { n: number }): number => row.n;

  it('have twenty rows where nothing else is asked, and a cursor only where there is more', () => {
    const page = readPage({}, 'number');
    expect([page.limit, page.after, rowsToRead(page)]).toEqual([20, undefined, 21]);
    expect(listed(rows(20, 20), page, show, (row) => String(row.n)).next_cursor).toBeNull();
    const more = listed(rows(21, 30), page, show, (row) => String(row.n));
    expect(more.data).toHaveLength(20);
    expect(readPage({ cursor: more.next_cursor ?? '' }, 'number').after).toBe('11');
  });

  it.each([
    '',
    'x',
    'e30',
    Buffer.from('{"after":7}').toString('base64url'),
    Buffer.from('{"after":"7; --"}').toString('base64url'),
  ])('do not follow %p', (cursor) => {
    expect(problemOf(() => readPage({ cursor }, 'number')).code).toBe('invalid_cursor');
    expect(problemOf(() => readPage({ cursor })).code).toBe('invalid_cursor');
  });
});

describe('a merchant’s key', () => {
  const key = `qk_0123abcd_${'A'.repeat(43)}`;
  const hash = createHash('sha256').update(key).digest('hex');

  it('is looked up once in a moment, and again after it', async () => {
    let now = 0;
    const asked: string[] = [];
    let known: KnownKey | undefined = { merchantId: 'm' as MerchantId, merchantActive: true };
    const clock = { now: () => new Date(0), elapsed: () => now };
    const findKey = (one: string): Promise<KnownKey | undefined> => {
      asked.push(one);
      return Promise.resolve(known);
    };
    const app = express();
    app.use(merchantAuthentication({ clock, findKey }));
    app.get('/', (req, res) => void res.json(merchantOf(req)));
    app.use(problemHandler(pino({ level: 'silent' })));
    const call = async (token = key): Promise<number> =>
      (await request(app).get('/').set('Authorization', `Bearer ${token}`)).status;

    expect([await call(), await call()]).toEqual([200, 200]);
    expect(asked).toEqual([hash]);
    known = undefined;
    now = 999;
    expect(await call()).toBe(200);
    now = 1_001;
    expect([await call(), await call()]).toEqual([401, 401]);
    expect(asked).toHaveLength(3);
    for (const shape of ['qk_', `${key}x`, key.slice(1), 'sk_0123abcd_']) expect(await call(shape)).toBe(401);
    expect(asked).toHaveLength(3);
  });
});
