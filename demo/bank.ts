import { type BankCalls, type Delivery } from './bank-calls';
import { createBankBooks } from './bank-books';
import { createDeliverer } from './deliver';
import { serveParent } from './ipc';
import { writeStatements } from './statement';
import { SIGNERS, type Signer } from './signing';
import { CHANNELS } from './world';

/** The simulated bank, a process of its own: five gateways that sign, send, and repeat until they are acknowledged. */
const signers = new Map<string, Signer>(CHANNELS.map(({ name, provider }) => [name, SIGNERS[provider]()]));
/** Somebody who knows how each gateway signs, and has none of its keys. */
const strangers = new Map<string, Signer>(CHANNELS.map(({ name, provider }) => [name, SIGNERS[provider]()]));
const books = createBankBooks();
const deliverer = createDeliverer({ signers, strangers, books });

serveParent<BankCalls>({
  open: () => Object.fromEntries([...signers].map(([name, { keys }]) => [name, keys])),
  call: ({ url }) => {
    deliverer.call(url);
    return undefined;
  },
  deliver: (delivery: Delivery) => deliverer.deliver(delivery),
  lose: ({ channel, payment }) => {
    books.lose(channel, payment);
    return undefined;
  },
  statements: ({ channel }) => writeStatements(books.payments(channel)),
  counts: () => books.counts(),
  books: () => books.show(),
});
