import { ADAPTERS, DECISION, ORDERS } from '../detectors';
import type { Mutant } from './mutant';

const HOOKS = 'src/callbacks/settlement-hooks.ts';
const SETTLE = 'src/callbacks/settle-payment.ts';
const RECEIVE = 'src/callbacks/receive-callback.ts';
const ENDS = 'src/orders/order-ends-store.ts';
const CLAIMED = 'src/callbacks/claimed-orders-store.ts';

/** What the payment adds: identity, claims, the message beside the decision, the answer behind it. */
export const PAYMENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'receipt-without-identity',
    breaks: 'money has one receipt, however many messages speak of it',
    edits: [
      {
        file: 'db/migrations/orders/20261121000500_receipts.ts',
        text: 'constraint receipts_identity_key unique (provider, receiving_account, provider_reference),',
        becomes: 'constraint receipts_identity_key unique (provider, receiving_account, provider_reference, id),',
      },
      {
        file: 'src/callbacks/receipts-store.ts',
        text: 'on conflict (provider, receiving_account, provider_reference) do nothing',
        becomes: 'on conflict do nothing',
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'close-ignores-the-claim',
    breaks: 'an order that a receipt is paying cannot be closed',
    edits: [
      {
        file: ENDS,
        text: `where o.status = 'open' and o.claimed_by is null\n`,
        becomes: `where o.status = 'open'\n`,
      },
      {
        file: ENDS,
        text: `from closing where o.id = closing.id and o.status = 'open' and o.claimed_by is null`,
        becomes: `from closing where o.id = closing.id and o.status = 'open'`,
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'expiry-ignores-the-claim',
    breaks: 'an order that a receipt is paying cannot expire',
    edits: [
      {
        file: ENDS,
        text: `where status = 'open' and claimed_by is null and expires_at`,
        becomes: `where status = 'open' and expires_at`,
      },
      {
        file: ENDS,
        text: `from expiring where o.id = expiring.id and o.status = 'open' and o.claimed_by is null`,
        becomes: `from expiring where o.id = expiring.id and o.status = 'open'`,
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'order-claimed-by-nobody',
    breaks: 'the receipt that is paying an order has claimed it, so that another waits for what becomes of the first',
    edits: [
      {
        file: 'src/callbacks/begin-settlements.ts',
        text: 'if (claims.length > 0) claimedOrdersStore.claim(tx, claims);',
        becomes: '',
      },
      {
        file: CLAIMED,
        text: `and o.claimed_by = locked.receipt_id and o.status = 'open'`,
        becomes: `and o.status = 'open'`,
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'outbox-row-apart',
    breaks: 'the message of the voucher is committed with the decision, or not at all',
    edits: [
      { file: HOOKS, text: 'const handOver = deps.outbox.append(tx, messages);', becomes: '' },
      {
        file: HOOKS,
        text: 'handOver();',
        becomes: `void inTransaction(deps.db, 'callbacks.report_bug', (own) =>
            Promise.resolve(deps.outbox.append(own, messages)),
          ).then((handOver) => handOver());`,
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'announces-what-it-did-not-decide',
    breaks: 'a merchant is told that an order is paid by whoever has paid it, in the same commit',
    edits: [
      {
        file: 'src/orders/orders-store.ts',
        text: 'where t.gid = any($1::uuid[]) and t.pays_order and ${MOVED_HERE}',
        becomes: 'where t.gid = any($1::uuid[]) and t.pays_order',
      },
    ],
    detectors: [DECISION],
  },
  {
    name: 'late-end-takes-back-a-new-attempt',
    breaks: 'who comes late with the end of an attempt leaves alone the attempt that followed it',
    edits: [
      {
        file: 'src/callbacks/receipts-store.ts',
        text: `later.receipt_id = r.id and not later.cancelled)`,
        becomes: `later.receipt_id = r.id and not later.cancelled and false)`,
      },
    ],
    detectors: [DECISION],
  },
  {
    name: 'acknowledged-on-arrival',
    breaks: 'the bank is told "received" only of what is decided',
    edits: [
      {
        file: RECEIVE,
        text: 'const settled = await withinBudget(deps, record, settleAll(deps, events));',
        becomes: `const settled: Settlement | 'failed' = 'final';
        void withinBudget(deps, record, settleAll(deps, events));`,
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'acknowledged-before-the-decision',
    breaks: 'the bank is told "received" behind the commit of the decision, not beside it',
    edits: [
      {
        file: SETTLE,
        text: `if ((await orGiveUp(transaction, coordinator.decide(transaction))) === 'abandoned') return again(receipt);
        background.run('confirm', coordinator.confirmAll(transaction), transaction);`,
        becomes: `background.run(
          'confirm',
          coordinator.decide(transaction).then(async (decision) => {
            if (decision === 'decided') await coordinator.confirmAll(transaction);
          }),
          transaction,
        );`,
      },
    ],
    detectors: [ORDERS],
  },
  {
    name: 'forgery-believed',
    breaks: 'only a callback whose signature is right says anything',
    edits: [
      {
        file: 'src/channels/support/signatures.ts',
        text: 'return left.length === right.length && timingSafeEqual(left, right);',
        becomes: 'return left.length === right.length;',
      },
    ],
    detectors: [ADAPTERS, ORDERS],
  },
];
