import { createReceiptRoutes, createTransactionRoutes } from './callbacks/views/routes';
import type { Databases } from './consistency/transaction';
import type { Mount } from './http/app';
import { createRetries } from './open-work/retry-work';
import { createOutboxRoutes, createWorkRoutes } from './open-work/routes';

/** What is under way, and how a person moves it on. */
export function workMounts({ orders: db }: Databases): readonly Mount[] {
  const retries = createRetries({ db });
  const working = { db, retry: (work: 'receipts' | 'transactions', id: string) => retries.one(work, id) };
  return [
    { path: '/receipts', routes: createReceiptRoutes(working) },
    { path: '/transactions', routes: createTransactionRoutes(working) },
    { path: '/outbox', routes: createOutboxRoutes({ db, retries }) },
    { path: '/work', routes: createWorkRoutes({ retries }) },
  ];
}
