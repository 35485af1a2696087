import { setTimeout as wait } from 'node:timers/promises';
import { fromMinor } from '../demo/minor-units';
import type { BankEvent, EventKind, Payment } from '../demo/signing';
import type { Bank, Delivery } from './bank';
import type { Findings } from './findings';
import { type Scenery, enrolledMerchant, textOf } from './scenery';
import type { Story } from './stories';
import { channelNamed } from './world';

/** An order that the service has taken, and what its merchant was told of it. */
export interface PlacedOrder {
  readonly story: Story;
  readonly id: string;
  readonly reference: string;
  /** Whether it may be paid through its own channel only. */
  readonly onlyOwnChannel: boolean;
  /** Whether it was paid before accounts were frozen. */
  readonly early: boolean;
  /** Its merchant asked to close it and was told that it is closed. */
  closed: boolean;
}

/** Plays stories: merchants place orders, customers pay, the bank and forgers call. */
export interface Teller {
  /** Resolves when everything that the story has is said and acknowledged. */
  tell(story: Story, early?: boolean): Promise<void>;
  placed(): readonly PlacedOrder[];
  /** Stories that have begun and are not over. */
  open(): number;
}

const EXPIRES_AFTER_MS = 2_000;

interface Tools {
  readonly scenery: Scenery;
  readonly bank: Bank;
  readonly findings: Findings;
}

export function createTeller(tools: Tools): Teller {
  const placed: PlacedOrder[] = [];
  let open = 0;
  const begin = async (story: Story, early: boolean): Promise<void> => {
    if (story.scenario === 'stray') return payNobody(tools.bank, story);
    const order = await place(tools, story, early);
    if (order === undefined) return;
    placed.push(order);
    const second = story.scenario === 'batch' ? await place(tools, storyBeside(story), early) : undefined;
    if (second !== undefined) placed.push(second);
    await play(tools, order, second);
  };
  return {
    placed: () => placed,
    open: () => open,
    tell: async (story, early = false) => {
      open += 1;
      try {
        await begin(story, early);
      } catch (error) {
        tools.findings.add('answer', `${story.scenario} ${story.number}: ${String(error)}`);
      }
      open -= 1;
    },
  };
}

/**
 * Whatever becomes of the answers: under its key the same request gives the same order.
 * @returns undefined where it took so long that the order's end had passed before it was there
 */
async function place({ scenery, findings }: Tools, story: Story, early: boolean): Promise<PlacedOrder | undefined> {
  const { merchant, minor, customer, scenario } = story;
  const { caller, payees } = enrolledMerchant(scenery.merchants, merchant.key);
  const number = `${scenario}-${story.number}`;
  const onlyOwnChannel = scenario === 'elsewhere';
  const { status, body } = await caller.call('POST', '/v1/orders', {
    merchant_order_no: number,
    amount: fromMinor(minor, merchant.currency),
    currency: merchant.currency,
    ...(customer === undefined ? {} : { customer }),
    ...(onlyOwnChannel ? { channels: [story.channel] } : {}),
    ...(scenario === 'expiring' ? { expires_at: new Date(Date.now() + EXPIRES_AFTER_MS).toISOString() } : {}),
    splits: story.splits.map((split) => ({
      account: payees.get(split.payee),
      amount: fromMinor(split.minor, merchant.currency),
    })),
  });
  if (scenario === 'expiring' && status === 400) {
    const found = await caller.call('GET', `/v1/orders/by-number/${number}`);
    if (found.status === 200) findings.add('disagreement', `${number} was refused as expired, and is there`);
    return undefined;
  }
  if (status !== 201) throw new Error(`an order was answered ${status} ${JSON.stringify(body)}`);
  return {
    ...{ story, onlyOwnChannel, early },
    id: textOf(body, 'id'),
    reference: textOf(body, 'payment_reference'),
    closed: false,
  };
}

/** The second order of a batch. */
function storyBeside(story: Story): Story {
  return { ...story, number: story.number + 0.5, minor: story.minor + 1n };
}

async function play(tools: Tools, order: PlacedOrder, second: PlacedOrder | undefined): Promise<void> {
  const { bank } = tools;
  const { story } = order;
  const payment = paymentOf(order, 1);
  const paying = saying(order, [event('paid', payment)]);
  const pay = async (): Promise<void> => {
    await bank.deliver({ ...paying, copies: story.copies });
    await mustBeOver(tools, order);
    for (const afterMs of story.repeatsAfterMs) {
      await wait(afterMs);
      await bank.deliver(paying);
    }
  };
  const say = (kind: EventKind, nth = 1): Promise<void> => bank.deliver(saying(order, [event(kind, payment, nth)]));
  switch (story.scenario) {
    case 'plain':
      return pay();
    case 'noisy':
      // Whatever comes first: news about money stand by themselves.
      await Promise.all([say('failed'), say('noise'), pay(), say('noise', 2)]);
      return;
    case 'forged_first':
      await Promise.all(
        (['stranger', 'altered', 'unsigned'] as const).map((forgery) => bank.deliver({ ...paying, forgery })),
      );
      // Some of what is forged is never said by anybody else.
      return story.chance < 0.3 ? undefined : pay();
    case 'twice': {
      const other = paymentOf(order, 2, { channel: story.otherChannel });
      const again = { ...saying(order, [event('paid', other)]), channel: story.otherChannel };
      if (story.chance < 0.5) await pay();
      await Promise.all([...(story.chance < 0.5 ? [] : [pay()]), bank.deliver(again)]);
      return;
    }
    case 'wrong_amount':
    case 'wrong_currency': {
      await bank.deliver(saying(order, [event('paid', paymentOf(order, 2, wrongMoney(story)))]));
      return story.chance < 0.5 ? undefined : pay();
    }
    case 'closed':
      await close(tools, order);
      return pay();
    case 'close_race':
      await Promise.all([close(tools, order), pay()]);
      return;
    case 'expiring':
      await wait(EXPIRES_AFTER_MS * 1.4 * story.chance);
      return pay();
    case 'batch': {
      const also = second === undefined ? [] : [event('paid', paymentOf(second, 1))];
      const events = [event('failed', payment), event('paid', payment), ...also, event('noise', payment)];
      return bank.deliver({ ...saying(order, events), copies: story.copies });
    }
    case 'failed_after':
      await pay();
      return say('failed');
    case 'refunded':
      await pay();
      return say('refund');
    case 'changed': {
      await pay();
      const more = paymentOf(order, 1, { amount: fromMinor(story.minor * 2n, story.merchant.currency) });
      return bank.deliver(saying(order, [event('paid', more, 2)]));
    }
    case 'elsewhere': {
      const other = paymentOf(order, 2, { channel: story.otherChannel });
      return bank.deliver({ ...saying(order, [event('paid', other)]), channel: story.otherChannel });
    }
    case 'unpaid':
    case 'stray':
      return;
  }
}

/** What the merchant asks of an order that a bank has just had acknowledged: it has come to its end. */
async function mustBeOver({ scenery, findings }: Tools, { story, id }: PlacedOrder): Promise<void> {
  const { caller } = enrolledMerchant(scenery.merchants, story.merchant.key);
  const { body } = await caller.call('GET', `/v1/orders/${id}`);
  if (body['status'] === 'open') {
    findings.add('lost', `${id} (${story.scenario} ${story.number}) is open after its payment was acknowledged`);
  }
}

async function close({ scenery }: Tools, order: PlacedOrder): Promise<void> {
  const { caller } = enrolledMerchant(scenery.merchants, order.story.merchant.key);
  const { status } = await caller.call('POST', `/v1/orders/${order.id}/close`, {});
  if (status === 200) order.closed = true;
}

/** Money that names no order of anybody. */
async function payNobody(bank: Bank, { number, merchant, minor, channel }: Story): Promise<void> {
  const { receivingAccount: account, live } = channelNamed(channel);
  const { currency } = merchant;
  const amount = fromMinor(minor, currency);
  const payment = { id: `stray${number}`, reference: undefined, amount, currency, account, live };
  await bank.deliver({ channel, events: [event('paid', payment)] });
}

function saying({ story }: PlacedOrder, events: readonly BankEvent[]): Delivery {
  return { channel: story.channel, events };
}

function event(kind: EventKind, payment: Payment, nth = 1): BankEvent {
  return { id: `${payment.id}-${kind.replace('_', '')}-${nth}`, kind, payment };
}

/** The order's payment as the gateway knows it; `nth` tells several payments of one order apart. */
function paymentOf(
  { story, reference }: PlacedOrder,
  nth: number,
  change: Partial<Payment> & { readonly channel?: string } = {},
): Payment {
  const { channel = story.channel, ...fields } = change;
  const { receivingAccount: account, live } = channelNamed(channel);
  const { currency } = story.merchant;
  const amount = fromMinor(story.minor, currency);
  const id = `pay${String(story.number).replace('.', 'x')}n${nth}`;
  return { id, reference, amount, currency, account, live, ...fields };
}

function wrongMoney({ scenario, minor, channel, merchant: { currency } }: Story): Partial<Payment> {
  const other = channelNamed(channel).currencies.find((one) => one !== currency);
  // In tens, because some gateways give fils so.
  if (scenario === 'wrong_amount' || other === undefined) return { amount: fromMinor(minor - 10n, currency) };
  return { currency: other, amount: fromMinor(2_010n, other) };
}
