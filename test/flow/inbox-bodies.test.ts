import { createHash } from 'node:crypto';
import { createAdyenBank } from '../support/vendor-callbacks';
import type { AdyenBank, AdyenItem } from '../support/vendor-callbacks/adyen-bank';
import { PATIENT } from '../support/scenario';
import { type Channel, type World, startWorld } from '../support/world';

/** Every new event leads to the body of the callback that brought it, whichever of its events were known before. */
describe('the body of a callback', () => {
  let world: World;
  let bank: AdyenBank;
  let channel: Channel;

  beforeAll(async () => {
    world = await startWorld({ ...PATIENT, working: false });
    bank = createAdyenBank();
    channel = await world.channel(bank);
  });
  afterAll(async () => {
    await world.mustBeSound();
    await world.stop();
  });

  /** The bodies that events lead to, by the kind of the event. */
  const bodies = (reference: string): Promise<{ verdict: string; body: string | null }[]> =>
    world.query(
      `select e.verdict, convert_from(b.body, 'UTF8') as body
         from orders.inbox_events e left join orders.callback_bodies b on b.id = e.callback_id
        where e.provider_reference = $1 order by e.id`,
      [reference],
    );
  const count = async (): Promise<number> =>
    Number((await world.query<{ count: string }>('select count(*) from orders.callback_bodies'))[0]?.count);
  const paid = async (): Promise<AdyenItem> => {
    const order = await world.order(await world.merchant());
    return { eventCode: 'AUTHORISATION', payment: world.payment(channel, order) };
  };
  const refundOf = ({ payment }: AdyenItem): AdyenItem => ({
    eventCode: 'REFUND',
    payment: { ...payment, eventId: `${payment.providerReference}R` },
    originalReference: payment.providerReference,
  });
  const send = async (...items: AdyenItem[]): Promise<string> => {
    const callback = bank.several(items);
    await world.send(channel, callback).expect(200);
    return callback.body.toString();
  };

  it('is kept for an event that is new beside one that is known', async () => {
    const payment = await paid();
    const first = await send(payment);
    const second = await send(payment, refundOf(payment));
    expect(await bodies(payment.payment.providerReference)).toEqual([
      { verdict: 'payment_succeeded', body: first },
      { verdict: 'refund', body: second },
    ]);
  });

  it('is kept once for all events that are new', async () => {
    const before = await count();
    const [one, other] = [await paid(), await paid()];
    const body = await send(one, other, refundOf(one));
    expect(await count()).toBe(before + 1);
    for (const { payment } of [one, other])
      expect((await bodies(payment.providerReference)).map((row) => row.body)).toContain(body);
    const hash = createHash('sha256').update(body).digest('hex');
    const events = await world.query(`select 1 from orders.inbox_events where body_hash = $1`, [hash]);
    expect(events).toHaveLength(3);
  });

  it('is not kept where a bank only repeats itself', async () => {
    const payment = await paid();
    await send(payment);
    const before = await count();
    await send(payment);
    expect(await count()).toBe(before);
  });

  it('stands apart where a person must look at one of its events', async () => {
    const payment = await paid();
    await send(payment);
    const body = await send(payment, refundOf(payment));
    const [kept] = await world.query('select for_a_person from orders.callback_bodies where body = $1', [
      Buffer.from(body),
    ]);
    expect(kept).toEqual({ for_a_person: true });
  });
});
