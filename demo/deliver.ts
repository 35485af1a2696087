import { setTimeout as wait } from 'node:timers/promises';
import type { Books } from './bank-books';
import type { Delivery } from './bank-calls';
import { type PostAnswer, post } from './post';
import type { BankEvent, Callback, Signer } from './signing';

export interface Deliverer {
  /** Where to send callbacks from now on. */
  call(url: string): void;
  deliver(delivery: Delivery): Promise<undefined>;
}

interface DelivererDependencies {
  readonly signers: ReadonlyMap<string, Signer>;
  readonly strangers: ReadonlyMap<string, Signer>;
  readonly books: Books;
}

/** How long the bank waits before it repeats: real banks take 15 s to hours, and a demo has no hours. */
const REPEATS_MS = [150, 300, 600, 1_000, 1_500];
const OVERSIZE = 300_000;

export function createDeliverer({ signers, strangers, books }: DelivererDependencies): Deliverer {
  let serviceUrl = '';
  const send = (delivery: Delivery): Promise<PostAnswer> => {
    const own = signers.get(delivery.channel);
    const stranger = strangers.get(delivery.channel);
    if (own === undefined || stranger === undefined) throw new Error(`the bank has no channel ${delivery.channel}`);
    // Signed anew for each repetition, as the gateways do it: a signature is good for five minutes.
    const callback = prepare(delivery, delivery.forgery === 'stranger' ? stranger : own);
    return post(`${serviceUrl}/callbacks/${delivery.channel}`, callback);
  };
  const judge = (delivery: Delivery, answer: PostAnswer): Judgement =>
    judgeAnswer(delivery, answer, signers.get(delivery.channel));

  const sendCopy = async (delivery: Delivery): Promise<void> => {
    for (let round = 0; ; round += 1) {
      const answer = await send(delivery);
      const judgement = judge(delivery, answer);
      books.answered(judgement.counts);
      if (judgement.counts === 'acknowledged') books.acknowledge(delivery);
      if (judgement.wrong !== undefined) {
        books.wrong(`${delivery.channel}, ${delivery.forgery ?? delivery.sort}: ${judgement.wrong}`);
      }
      if (judgement.ends) return;
      await wait(REPEATS_MS[Math.min(round, REPEATS_MS.length - 1)]);
    }
  };
  return {
    call: (url) => {
      serviceUrl = url;
    },
    deliver: async (delivery) => {
      books.begin(delivery);
      const copies = Array.from({ length: delivery.copies ?? 1 }, () => sendCopy(delivery));
      // Whoever asked need not wait for what is not acknowledged on purpose.
      if (delivery.expects === 'not_yet') return undefined;
      await Promise.all(copies);
      books.end(delivery);
      return undefined;
    },
  };
}

function prepare(delivery: Delivery, signer: Signer): Callback {
  const { events, forgery } = delivery;
  const at = new Date(Date.now() + (delivery.signedAt ?? 0) * 1000);
  const callback = signer.sign(events, {
    at,
    unsigned: forgery === 'unsigned',
    altered: forgery === 'altered' ? events.map(enriched) : undefined,
  });
  if (forgery === 'probe') {
    const signature = `WECHATPAY/SIGNTEST/${callback.headers['wechatpay-signature'] ?? ''}`;
    return { ...callback, headers: { ...callback.headers, 'wechatpay-signature': signature } };
  }
  return forgery === 'oversized' ? { ...callback, body: callback.body + ' '.repeat(OVERSIZE) } : callback;
}

/** What a forger would like to have been paid. */
function enriched(event: BankEvent): BankEvent {
  return { ...event, payment: { ...event.payment, amount: `9${event.payment.amount}` } };
}

interface Judgement {
  readonly counts: 'acknowledged' | 'refused' | 'tryAgain' | 'unreachable';
  /** Whether the bank stops here. */
  readonly ends: boolean;
  readonly wrong?: string;
}

function judgeAnswer({ expects }: Delivery, answer: PostAnswer, signer: Signer | undefined): Judgement {
  if (answer.kind === 'unreachable') return { counts: 'unreachable', ends: false };
  const { status, body } = answer;
  const text = `${status} ${JSON.stringify(body.slice(0, 80))}`;
  if (status === 503) return { counts: 'tryAgain', ends: false };
  if (status >= 500) return { counts: 'tryAgain', ends: false, wrong: `an error of the service: ${text}` };
  if (signer?.isAcknowledged(status, body) === true) {
    const wanted = expects === 'acknowledged' || expects === 'not_yet';
    return { counts: 'acknowledged', ends: true, ...(wanted ? {} : { wrong: `was taken, and had to be ${expects}` }) };
  }
  const refusal = expects === 'refused' ? 401 : expects === 'too_large' ? 413 : undefined;
  return {
    counts: 'refused',
    ends: true,
    ...(status === refusal ? {} : { wrong: `got ${text}, expected ${expects}` }),
  };
}
