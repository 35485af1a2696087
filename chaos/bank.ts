import { setTimeout as wait } from 'node:timers/promises';
import { toMinor } from '../demo/minor-units';
import { post } from '../demo/post';
import { type BankEvent, type Callback, SIGNERS, type Signer } from '../demo/signing';
import type { Findings } from './findings';
import type { Service } from './services';
import { CHANNELS } from './world';

/** Money that the bank has sent, by its own books. */
export interface SentPayment {
  readonly channel: string;
  /** The bank's own reference. */
  readonly id: string;
  readonly reference: string | undefined;
  readonly currency: string;
  readonly minor: bigint;
  acknowledged: boolean;
}

/** `stranger`: signed with other keys. `altered`: changed after signing. */
export type Forgery = 'stranger' | 'altered' | 'unsigned';

export interface Delivery {
  readonly channel: string;
  readonly events: readonly BankEvent[];
  /** So many at the same moment, each to whatever process it meets. */
  readonly copies?: number;
  readonly forgery?: Forgery;
}

export type AnswerKind = 'acknowledged' | 'try_again' | 'refused' | 'limited' | 'unreachable' | 'wrong';

export interface Bank {
  /** What an operator enters for each channel. */
  keys(channel: string): Signer['keys'];
  /** Sends until it is acknowledged; a forgery until somebody has refused it. */
  deliver(delivery: Delivery): Promise<void>;
  /** By "channel id": what was said first of each payment. */
  payments(): ReadonlyMap<string, SentPayment>;
  answers(): Readonly<Record<AnswerKind, number>>;
  /** Deliveries that wait for their answer. */
  open(): number;
  /** Gives up whatever is open. */
  close(): void;
}

/** How long the bank waits before it repeats: real banks take 15 s to hours, and nobody has hours. */
const REPEATS_MS = [150, 300, 700, 1_500, 2_500];

export function createBank(services: readonly Service[], findings: Findings): Bank {
  const signers = new Map<string, Signer>(CHANNELS.map(({ name, provider }) => [name, SIGNERS[provider]()]));
  const strangers = new Map<string, Signer>(CHANNELS.map(({ name, provider }) => [name, SIGNERS[provider]()]));
  const payments = new Map<string, SentPayment>();
  const answers = { acknowledged: 0, try_again: 0, refused: 0, limited: 0, unreachable: 0, wrong: 0 };
  let open = 0;
  let closed = false;
  const anyService = (): string => services[Math.floor(Math.random() * services.length)]?.url() ?? '';

  const send = async (delivery: Delivery): Promise<AnswerKind> => {
    const own = signerOf(signers, delivery.channel);
    const signer = delivery.forgery === 'stranger' ? signerOf(strangers, delivery.channel) : own;
    // Signed anew for each repetition, as the gateways do it: a signature is good for five minutes.
    const answer = await post(`${anyService()}/callbacks/${delivery.channel}`, sign(delivery, signer));
    if (answer.kind === 'unreachable') return 'unreachable';
    if (own.isAcknowledged(answer.status, answer.body)) return 'acknowledged';
    if (answer.status === 503) return 'try_again';
    if (answer.status === 401) return 'refused';
    if (answer.status === 429) return 'limited';
    const said = `${answer.status} ${JSON.stringify(answer.body.slice(0, 120))}`;
    findings.add('answer', `a callback of ${delivery.channel} was answered ${said}`);
    return 'wrong';
  };
  const sendCopy = async (delivery: Delivery): Promise<void> => {
    for (let round = 0; !closed; round += 1) {
      const kind = await send(delivery);
      answers[kind] += 1;
      if (delivery.forgery !== undefined) {
        if (kind === 'acknowledged')
          findings.add('forged', `a forgery (${delivery.forgery}) of ${told(delivery)} was taken`);
        if (kind !== 'unreachable' && kind !== 'try_again') return;
      } else {
        if (kind === 'refused' || kind === 'limited')
          findings.add('answer', `${told(delivery)} is genuine and was ${kind}`);
        if (kind === 'acknowledged') return;
      }
      await wait(REPEATS_MS[Math.min(round, REPEATS_MS.length - 1)]);
    }
  };
  const book = ({ channel, events, forgery }: Delivery): readonly SentPayment[] =>
    events.flatMap(({ kind, payment }) => {
      if (kind !== 'paid' || forgery !== undefined) return [];
      const { id, reference, currency, amount } = payment;
      const name = `${channel} ${id}`;
      const known = payments.get(name);
      // What was said first stands: the same payment with another amount is no more money.
      const booked = known ?? {
        channel,
        id,
        reference,
        currency,
        minor: toMinor(amount, currency),
        acknowledged: false,
      };
      payments.set(name, booked);
      return [booked];
    });
  return {
    keys: (channel) => signerOf(signers, channel).keys,
    deliver: async (delivery) => {
      const booked = book(delivery);
      open += 1;
      const copies = Array.from({ length: delivery.copies ?? 1 }, async () => {
        await sendCopy(delivery);
        if (!closed) for (const payment of booked) payment.acknowledged = true;
      });
      await Promise.all(copies);
      open -= 1;
    },
    payments: () => payments,
    answers: () => answers,
    open: () => open,
    close: () => {
      closed = true;
    },
  };
}

function signerOf(signers: ReadonlyMap<string, Signer>, channel: string): Signer {
  const signer = signers.get(channel);
  if (signer === undefined) throw new Error(`the bank has no channel ${channel}`);
  return signer;
}

function sign({ events, forgery }: Delivery, signer: Signer): Callback {
  return signer.sign(events, {
    at: new Date(),
    unsigned: forgery === 'unsigned',
    altered: forgery === 'altered' ? events.map(enriched) : undefined,
  });
}

/** What a forger would like to have been paid. */
function enriched(event: BankEvent): BankEvent {
  return { ...event, payment: { ...event.payment, amount: `9${event.payment.amount}` } };
}

function told({ channel, events }: Delivery): string {
  return `${channel} ${events.map(({ id }) => id).join(', ')}`;
}
