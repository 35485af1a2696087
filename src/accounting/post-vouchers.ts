import { clockAt } from '../core/clock';
import { isTransient } from '../core/errors';
import { createIds } from '../core/ids';
import type { Sealer } from '../core/sealing';
import type { Consumed, Consumer, OutboxMessage } from '../consistency/outbox/outbox';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { GENESIS, hashOfLink, headText } from './chain';
import { type VoucherContent, drawUp, hashOfContent } from './voucher';
import { VOUCHER_MESSAGE_VERSION, VOUCHER_TOPIC, voucherMessage } from './voucher-message';
import { type ChainHead, type NewLink, type NewVoucher, vouchersStore } from './vouchers-store';

export interface VoucherConsumerDependencies {
  readonly db: Database<'accounting'>;
  readonly sealer: Sealer;
  /** Gets the signed head of the chain at every commit: a log outside the database is what shows that a tail was cut off. */
  readonly logger: { info(facts: object, text: string): void };
}

/** A voucher that waits to be posted, with the hash that tells the same content from another. */
interface Draft {
  readonly voucher: VoucherContent;
  readonly hash: string;
}

const DONE: Consumed = { kind: 'done' };

/**
 * Posts a list of vouchers in one commit. A message that came before is done at once; one that is invalid, does not balance
 * or contradicts the voucher that stands fails alone.
 */
export function createVoucherConsumer(deps: VoucherConsumerDependencies): Consumer {
  return {
    topic: VOUCHER_TOPIC,
    consume: async (messages) => {
      const read = messages.map(readMessage);
      const drafts = new Map<string, Draft>();
      for (const one of read) if ('voucher' in one && !drafts.has(keyOf(one))) drafts.set(keyOf(one), one);
      const standing = await post(deps, [...drafts.values()]);
      const answers: Consumed[] = [];
      for (const one of read) answers.push('voucher' in one ? answer(one, standing.get(keyOf(one))) : one);
      return answers;
    },
  };
}

/** What stands for an event after posting: the hash of its voucher, or why there is none. */
type Standing = { readonly hash: string } | { readonly error: unknown };

function answer(draft: Draft, standing: Standing | undefined): Consumed {
  if (standing === undefined) return { kind: 'failed', reason: 'the voucher was not posted' };
  if ('error' in standing) {
    const { error } = standing;
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
  if (standing.hash === draft.hash) return DONE;
  return { kind: 'failed', reason: 'another voucher with other content stands for this event' };
}

function readMessage(message: OutboxMessage): Draft | Consumed {
  if (message.version !== VOUCHER_MESSAGE_VERSION) {
    return { kind: 'failed', reason: `version ${message.version} of the message is not known` };
  }
  const parsed = voucherMessage.safeParse(message.payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.');
    return { kind: 'failed', reason: `the message is not valid: ${where ?? ''} ${issue?.message ?? ''}` };
  }
  const drawn = drawUp(parsed.data);
  if (drawn.kind === 'unbalanced') return { kind: 'failed', reason: drawn.reason };
  return { voucher: drawn.voucher, hash: hashOfContent(drawn.voucher) };
}

/**
 * Posts what is not there yet. A list that fails for another reason than an outage is split, so that a poisoned voucher
 * hurts nobody else; whatever the failed try left behind is met by the next.
 */
async function post(
  deps: VoucherConsumerDependencies,
  drafts: readonly Draft[],
): Promise<ReadonlyMap<string, Standing>> {
  if (drafts.length === 0) return new Map();
  try {
    return await postTogether(deps, drafts);
  } catch (error) {
    if (isTransient(error)) throw error;
    const [first] = drafts;
    if (drafts.length === 1 && first !== undefined) return new Map([[keyOf(first), { error }]]);
    const middle = Math.ceil(drafts.length / 2);
    const front = await post(deps, drafts.slice(0, middle));
    return new Map([...front, ...(await post(deps, drafts.slice(middle)))]);
  }
}

async function postTogether(
  deps: VoucherConsumerDependencies,
  drafts: readonly Draft[],
): Promise<ReadonlyMap<string, Standing>> {
  const { standing, link } = await inTransaction(deps.db, 'vouchers.post', async (tx) => {
    vouchersStore.lockHead(tx);
    const [found, head] = await Promise.all([
      vouchersStore.find(tx, drafts.map(voucherOf)),
      vouchersStore.readHead(tx),
    ]);
    const standing = new Map<string, Standing>();
    for (const row of found) standing.set(`${row.kind} ${row.event_key}`, { hash: row.content_hash });
    const fresh: Draft[] = [];
    for (const draft of drafts) {
      if (standing.has(keyOf(draft))) continue;
      fresh.push(draft);
      standing.set(keyOf(draft), { hash: draft.hash });
    }
    return { standing, link: fresh.length === 0 ? undefined : append(deps, tx, fresh, head) };
  });
  if (link !== undefined) {
    const { number, hash, vouchers, keyId, signature } = link;
    const facts = { event: 'books.head_moved', number, hash, vouchers, keyId, signature };
    deps.logger.info(facts, 'the head of the books has moved');
  }
  return standing;
}

/**
 * One link over the list, under the lock on the head. Ids are made of the time that the link is posted at, not of this process's
 * own: lines are kept in the month of their voucher's id, and looked for in that of its link.
 */
function append(
  deps: VoucherConsumerDependencies,
  tx: Tx<'accounting'>,
  drafts: readonly Draft[],
  head: ChainHead,
): NewLink {
  const ids = createIds(clockAt(head.now));
  const vouchers: NewVoucher[] = [];
  for (const { voucher, hash } of drafts)
    vouchers.push({ id: ids.next(), contentHash: hash, position: vouchers.length + 1, ...voucher });
  const previousHash = head.hash ?? GENESIS;
  const hash = hashOfLink({ number: head.next, previousHash, postedAt: head.now, vouchers });
  const link: NewLink = {
    number: head.next,
    previousHash,
    hash,
    vouchers: vouchers.length,
    ...deps.sealer.sign(headText(head.next, hash)),
    postedAt: head.now,
  };
  vouchersStore.insertLink(tx, link);
  vouchersStore.insertVouchers(tx, link, vouchers);
  return link;
}

function voucherOf(draft: Draft): VoucherContent {
  return draft.voucher;
}

function keyOf(draft: Draft): string {
  return `${draft.voucher.kind} ${draft.voucher.eventKey}`;
}
