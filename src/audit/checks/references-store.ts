import type { SchemaName } from '../../consistency/transaction';
import type { GuaranteeNumber } from '../report';
import type { Rule } from '../rules-store';

interface Reference {
  readonly guarantee: GuaranteeNumber;
  readonly table: string;
  readonly column: string;
  readonly parent: string;
  /** What names a row `c` of the table, `c.id` where it is left out. */
  readonly key?: string;
}

/**
 * What no foreign key holds, because every payment writes it: lists are held to their parents as they are inserted, updates
 * are not. The receipt that paid an order and the link of a voucher have checks of their own.
 */
const REFERENCES: Readonly<Record<SchemaName, readonly Reference[]>> = {
  orders: [
    { guarantee: 3, table: 'receipts', column: 'channel_id', parent: 'channels' },
    { guarantee: 2, table: 'receipts', column: 'order_id', parent: 'orders' },
    { guarantee: 4, table: 'orders', column: 'claimed_by', parent: 'receipts' },
    { guarantee: 3, table: 'inbox_events', column: 'channel_id', parent: 'channels' },
    { guarantee: 1, table: 'inbox_events', column: 'receipt_id', parent: 'receipts' },
    { guarantee: 3, table: 'global_transactions', column: 'receipt_id', parent: 'receipts', key: 'c.gid' },
    { guarantee: 2, table: 'global_transactions', column: 'order_id', parent: 'orders', key: 'c.gid' },
    { guarantee: 8, table: 'notifications', column: 'merchant_id', parent: 'merchants' },
    { guarantee: 8, table: 'notifications', column: 'order_id', parent: 'orders' },
    { guarantee: 8, table: 'notifications', column: 'endpoint_id', parent: 'notification_endpoints' },
    {
      ...{ guarantee: 8, table: 'notification_attempts', column: 'notification_id', parent: 'notifications' },
      key: `concat_ws(' ', c.notification_id, c.number)`,
    },
  ],
  accounts: [{ guarantee: 5, table: 'entries', column: 'account_id', parent: 'accounts' }],
  points: [{ guarantee: 5, table: 'entries', column: 'account_id', parent: 'accounts' }],
  accounting: [],
};

/** What a row names is there. */
export function referenceRules(schema: SchemaName): readonly Rule[] {
  return REFERENCES[schema].map(({ guarantee, table, column, parent, key = 'c.id' }) => ({
    guarantee,
    what: `in ${schema}, ${table}.${column} names a row of ${parent} that is not there`,
    violations: `
      select ${key} as key, jsonb_build_object('${column}', c.${column}) as facts from ${schema}.${table} c
       where c.${column} is not null and not exists (select from ${schema}.${parent} p where p.id = c.${column})`,
  }));
}
