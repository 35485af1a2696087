import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileMapping } from '../../src/reconciliation/mapping-schemas';
import { readCsv } from '../../src/reconciliation/readers/csv/csv-reader';
import { type StatementLine, StatementRefused } from '../../src/reconciliation/statement-line';

/** Real statements lie beside the project and are no part of it. Where they are, they are read by mappings. */
const CORPUS = join(__dirname, '..', '..', '..', 'shared', 'statements');
const isThere = existsSync(CORPUS);

async function read(path: string, mapping: object): Promise<StatementLine[]> {
  const lines: StatementLine[] = [];
  for await (const list of readCsv(createReadStream(join(CORPUS, path)), {
    mapping: fileMapping.parse(mapping),
    timeZone: 'UTC',
    receivingAccount: 'any',
    statementDate: '2026-11-20',
    expected: {},
    batch: 1_000,
    mostLines: 100_000,
  }))
    lines.push(...list);
  return lines;
}

const STRIPE = {
  units: 'minor',
  columns: {
    provider_reference: 'source',
    line_id: 'id',
    amount: 'amount',
    fee: 'fee',
    currency: 'currency',
    status: 'type',
    time: 'created',
  },
  status_words: {
    paid: ['charge', 'payment'],
    refunded: ['refund', 'payment_refund'],
    reversed: ['adjustment'],
    ignored: ['payout', 'stripe_fee', 'transfer'],
  },
};
const WECHAT = {
  strip: '`',
  time_zone: 'Asia/Shanghai',
  columns: {
    provider_reference: '微信订单号',
    payment_reference: '商户订单号',
    line_id: '微信退款单号',
    amount: '订单金额',
    refund_amount: '退款金额',
    fee: '手续费',
    currency: '货币种类',
    status: '交易状态',
    time: '交易时间',
  },
  status_words: { paid: ['SUCCESS'], refunded: ['REFUND', 'REVOKED'] },
};
const WECHAT_FOOTER = { first_field: '总交易单数', values: 'next_line', count: 1, amount: 6, refund_amount: 3, fee: 5 };

describe('real statements', () => {
  const where = (name: string, test: () => Promise<void>): void => {
    if (isThere) it(name, test);
  };
  if (!isThere) it('are not here: there is no folder ../shared/statements', () => undefined);

  where('reads Stripe’s balance transactions in minor units', async () => {
    const lines = await read('stripe/fivetran-balance_transaction_data.csv', STRIPE);
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.find((line) => line.providerReference === 'ch_0IDYghig6peNXzgDhuOFKdTS')).toMatchObject({
      status: 'paid',
      amount: '20400.00',
      currency: 'USD',
      fee: '591.9',
      occurredAt: '2021-01-25 17:17:15 UTC',
    });
  });

  where('reads WeChat Pay’s bills by the names of their columns', async () => {
    expect(
      await read('wechatpay/wxjava-pay_bill_result_all_content.csv', {
        ...WECHAT,
        footer: { first_field: '总交易单数' },
      }),
    ).toMatchObject([
      { status: 'paid', amount: '6.00', fee: '0.04', currency: 'CNY', occurredAt: '2019-07-25 08:35:41 Asia/Shanghai' },
    ]);
    expect(
      await read('wechatpay/wxjava-pay_bill_result_refund_content.csv', {
        ...WECHAT,
        footer: { first_field: '总交易单数' },
      }),
    ).toMatchObject([{ status: 'refunded', amount: '0.01', fee: '0' }]);
  });

  where('refuses a bill from which somebody has taken lines away, by its own footer', async () => {
    const cut = read('wechatpay/wxjava-pay_bill_result_all_content.csv', { ...WECHAT, footer: WECHAT_FOOTER });
    await expect(cut).rejects.toThrow(StatementRefused);
    await expect(cut).rejects.toThrow("the footer's count is 48, that of the lines is 1");
  });
});
