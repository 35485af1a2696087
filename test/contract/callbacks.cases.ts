import { everyVendorBank } from '../support/vendor-callbacks';
import type { ContractCase } from './contract-case';

/** Every provider hears its own words: paid, not verified, and an order that may still come. */
const ofEveryBank = everyVendorBank().flatMap((bank, index): ContractCase[] => {
  const name = `${bank.provider} (${index})`;
  return [
    {
      operation: 'receiveCallback',
      about: `${name}: paid`,
      status: ['alipay', 'stripe', 'adyen'].includes(bank.provider) ? 200 : 204,
      call: async (world) => {
        const channel = await world.channel(bank);
        const order = await world.order(await world.merchant(), { currency: 'CNY' });
        return world.send(channel, world.paid(channel, order));
      },
    },
    {
      operation: 'receiveCallback',
      about: `${name}: signed by somebody else`,
      status: 401,
      call: async (world) => {
        const channel = await world.channel(bank);
        const other = everyVendorBank()[index]!;
        const payment = world.payment(channel, { amount: '1.00', currency: 'CNY' });
        return world.send(channel, other.paid(payment));
      },
    },
    {
      operation: 'receiveCallback',
      about: `${name}: for an order that is not there yet`,
      status: 503,
      call: async (world) => {
        const channel = await world.channel(bank);
        const order = { amount: '1.00', currency: 'CNY', payment_reference: '0'.repeat(25) };
        const answer = await world.send(channel, world.paid(channel, order));
        // Nobody waits a minute here for it to be taken as money of nobody.
        await world.query(`update orders.receipts set received_at = received_at - interval '2 minutes', next_try_at = now()
          where status = 'waiting'`);
        return answer;
      },
    },
  ];
});

export const cases: readonly ContractCase[] = [
  ...ofEveryBank,
  {
    operation: 'receiveCallback',
    about: 'of no channel',
    status: 404,
    call: async (world) => world.http.post('/callbacks/nowhere').send({}),
  },
  {
    operation: 'receiveCallback',
    about: 'too large',
    status: 413,
    call: async (world) =>
      world.http.post('/callbacks/nowhere').set('Content-Type', 'text/plain').send('x'.repeat(300_000)),
  },
  {
    operation: 'receiveCallback',
    about: 'compressed',
    status: 415,
    call: async (world) => world.http.post('/callbacks/nowhere').set('Content-Encoding', 'gzip').send({ a: 1 }),
  },
];
