import express from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { createAccountingRoutes } from '../../src/accounting/routes';
import { showId } from '../../src/core/ids';
import { problemHandler } from '../../src/http/problem-details';
import { type AuditWorld, buildAuditWorld } from './audit-world';

interface Listed {
  readonly data: readonly Record<string, unknown>[];
  readonly next_cursor: string | null;
}

describe('the books over the operator API', () => {
  let world: AuditWorld;
  let app: express.Express;

  beforeAll(async () => {
    world = await buildAuditWorld();
    app = express();
    app.use('/admin', createAccountingRoutes({ db: world.databases.accounting }).router);
    app.use(problemHandler(pino({ level: 'silent' })));
  });
  afterAll(() => world.close());

  const get = async (path: string): Promise<Listed> =>
    (await request(app).get(`/admin${path}`).expect(200)).body as Listed;

  it('show the trial balance with its totals', async () => {
    expect(await get('/trial-balance')).toEqual({
      as_of: { at: null, by: 'posted_at', link: '2', hash: expect.any(String), posted_at: expect.any(String) },
      data: [
        ['1100', 'Channel receivables', '200.00', '0.00', '200.00'],
        ['2100', 'Merchant payables', '0.00', '92.00', '92.00'],
        ['2200', 'Commission payables', '0.00', '5.00', '5.00'],
        ['2300', 'Points liability', '0.00', '1.00', '1.00'],
        ['2900', 'Suspense', '0.00', '100.00', '100.00'],
        ['4100', 'Fee income', '0.00', '3.00', '3.00'],
        ['5100', 'Points expense', '1.00', '0.00', '1.00'],
      ].map(([account, name, debit, credit, balance]) => ({ account, name, currency: 'USD', debit, credit, balance })),
      totals: [{ currency: 'USD', debit: '201.00', credit: '201.00', difference: '0.00' }],
    });
  });

  it('show the chart, and the balance of every party, by page', async () => {
    const whole = await get('/ledger-accounts?limit=100');
    expect((whole as unknown as { chart: object[] }).chart).toHaveLength(7);
    expect(whole.data.map(({ account, party, balance }) => [account, party, balance])).toEqual([
      ['1100', 'cards', '200.00'],
      ['2100', world.ids.merchant, '92.00'],
      ['2200', `payee/${world.ids.payee}`, '5.00'],
      ['2300', world.ids.merchant, '1.00'],
      ['2900', null, '100.00'],
      ['4100', null, '3.00'],
      ['5100', world.ids.merchant, '1.00'],
    ]);
    const paged: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Listed = await get(`/ledger-accounts?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.data);
      cursor = page.next_cursor;
    }
    expect(paged).toEqual(whole.data);
  });

  it('show vouchers, newest first, of an order or of a receipt', async () => {
    const { data } = await get('/vouchers');
    expect(data.map((voucher) => voucher['receipt'])).toEqual(
      [world.late, world.paid].map((settled) => showId('receipt', settled.receipt)),
    );
    const [first, none] = await Promise.all([
      get('/vouchers?limit=1'),
      get(`/vouchers?order=${showId('order', world.ids.payee)}`),
    ]);
    expect((await get(`/vouchers?limit=1&cursor=${first.next_cursor ?? ''}`)).data).toEqual([data[1]]);
    expect(none).toEqual({ data: [], next_cursor: null });
    for (const query of [
      `order=${showId('order', world.paid.order)}`,
      `receipt=${showId('receipt', world.paid.receipt)}`,
    ]) {
      expect(await get(`/vouchers?${query}`)).toEqual({ data: [data[1]], next_cursor: null });
    }
    expect(data[1]).toMatchObject({
      kind: 'receipt_settled',
      description: '100.00 USD arrived through cards',
      transaction: showId('transaction', world.paid.gid),
      occurred_at: '2026-11-21T01:02:03.456000Z',
    });
    expect(data[1]!['postings']).toContainEqual({
      account: '2100',
      party: world.ids.merchant,
      currency: 'USD',
      debit: '0.00',
      credit: '92.00',
    });
  });

  it.each([
    '/trial-balance?more=1',
    '/ledger-accounts?cursor=nonsense',
    '/ledger-accounts?limit=0',
    '/vouchers?order=rcp_1',
    '/vouchers?receipt=x&receipt=y',
    '/vouchers?cursor=eyJhZnRlciI6IngifQ',
  ])('refuse %s', async (path) => {
    const { body } = (await request(app).get(`/admin${path}`).expect(400)) as { body: { code: string } };
    expect(['invalid_request', 'invalid_cursor']).toContain(body.code);
  });
});
