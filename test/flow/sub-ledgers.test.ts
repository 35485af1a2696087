import { asOperator } from '../contract/books-calls';
import { type Load, sendAll } from '../support/load';
import { type Json, type World, startWorld } from '../support/world';

describe('the sub-ledgers', () => {
  let world: World;
  afterEach(() => world.stop());

  const lines = async (): Promise<Json[]> => {
    const all: Json[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { status, body } = await asOperator(
        world,
        `/sub-ledgers?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      expect(status).toBe(200);
      all.push(...body.data);
      cursor = body.next_cursor;
    }
    return all;
  };
  const differing = (all: readonly Json[]): string[] =>
    all
      .filter((line) => Number(line.difference) !== 0)
      .map((line) => `${line.account} ${line.party} ${line.difference}`);

  it('tie for every merchant, payee and channel, in every currency', async () => {
    world = await startWorld();
    const [one, two, cards] = [await world.merchant(), await world.merchant(), await world.channel()];
    const payee = await world.admin('post', `/merchants/${one.id}/accounts`, { reference: 'ann', currency: 'USD' });
    await world.admin('put', `/merchants/${one.id}/fee-plans/USD`, {
      rate: '0.029',
      fixed: '0.30',
      rounding: 'half_up',
    });
    const split = await world.order(one, { splits: [{ account: payee.id, amount: '5.00' }] });
    for (const order of [split, await world.order(two), await world.order(two, { currency: 'JPY', amount: '700' })]) {
      await world.send(cards, world.paid(cards, order));
    }
    await world.send(cards, world.paid(cards, await world.order(two), { amount: '1.00' }));
    await world.quiet();
    const all = await lines();
    expect(differing(all)).toEqual([]);
    expect(
      all.map(({ account, currency, books, counterpart_balance: counterpart }) => [
        account,
        currency,
        books,
        counterpart,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['1100', 'JPY', '700', '700'],
        ['1100', 'USD', '201.00', '201.00'],
        ['2200', 'USD', '5.00', '5.00'],
        ['2900', 'USD', '1.00', '1.00'],
      ]),
    );
    expect(all).toHaveLength(8);
    await world.mustBeSound();
  });

  it('tie while payments come in, and show a difference that somebody made all the same', async () => {
    world = await startWorld();
    const merchants = await Promise.all([1, 2, 3].map(() => world.merchant()));
    const channel = await world.channel();
    const idle = await world.merchant();
    await world.send(channel, world.paid(channel, await world.order(idle)));
    const url = `${world.url}/callbacks/${channel.name}`;
    const pay = async (): Promise<Load> => {
      const orders = await Promise.all(Array.from({ length: 150 }, (_, index) => world.order(merchants[index % 3]!)));
      const callbacks = orders.map((order) => world.paid(channel, order));
      const load = sendAll(callbacks, { callers: 12, url: () => url });
      await load.reached(10);
      return load;
    };
    let load = await pay();
    let moved = 0;
    // Had the two sides never been apart, leaving out what is under way would not have been tried.
    for (let round = 0; round < 6 || (moved === 0 && round < 200); round += 1) {
      if (load.acknowledged.size === 150) load = await pay();
      const all = await lines();
      expect(differing(all)).toEqual([]);
      moved += all.filter((line) => line.books !== line.counterpart_balance).length;
    }
    expect(moved).toBeGreaterThan(0);
    const raise = (amount: number): Promise<unknown> =>
      world.query(`update accounts.accounts set balance = balance + ${amount} where owner = '${idle.id.slice(4)}'`);
    await raise(5);
    expect(differing(await lines())).toEqual([`2100 ${idle.id.slice(4)} -5.00`]);
    await raise(-5);
    await load.finished();
    await world.quiet();
    expect(differing(await lines())).toEqual([]);
    await world.mustBeSound();
  });
});
