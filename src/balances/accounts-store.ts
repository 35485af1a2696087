import { violatedConstraint } from '../consistency/database-errors';
import { type Queryable, type Statement, type Tx, statement } from '../consistency/transaction';
import type { AccountId } from '../core/ids';
import type { BalancesSchema } from './holds-store';

export type AccountStatus = 'open' | 'frozen' | 'closed';
export type AccountKind = 'merchant' | 'payee' | 'fees' | 'suspense' | 'customer';

/** An account with what is pending on it, read in one statement and so of one moment. */
export interface AccountRow {
  readonly id: AccountId;
  readonly code: string;
  readonly kind: AccountKind;
  readonly owner: string;
  readonly unit: string;
  readonly name: string | null;
  readonly status: AccountStatus;
  readonly balance: string;
  readonly reserved: string;
  /** The sum of the inbound legs of its open holds. */
  readonly pending: string;
  readonly created_at: Date;
}

export interface EntryRow {
  readonly id: string;
  /** Counts from 1 within its account, without gaps. */
  readonly number: string;
  readonly gid: string;
  readonly amount: string;
  readonly balance_after: string;
  readonly created_at: Date;
}

export interface AccountFilter {
  /** A merchant's id: its own accounts and those of its customers. */
  readonly owner: string | undefined;
  readonly kind: string | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

export interface NewPayeeAccount {
  readonly id: AccountId;
  readonly owner: string;
  readonly unit: string;
  readonly name: string;
}

/** The read side of a participant's accounts, and their status; balances are moved by the participant alone. */
export interface AccountsStore<S extends BalancesSchema> {
  find(db: Queryable<S>, ids: readonly AccountId[]): Promise<AccountRow[]>;
  findByCode(db: Queryable<S>, code: string): Promise<AccountRow | undefined>;
  /** Newest first. */
  list(db: Queryable<S>, filter: AccountFilter): Promise<AccountRow[]>;
  /** Newest first, from the one before the number `after`. */
  listEntries(db: Queryable<S>, id: AccountId, after: string | undefined, limit: number): Promise<EntryRow[]>;
  insertPayee(tx: Tx<S>, account: NewPayeeAccount): Promise<void>;
  /** Sets the status of an account that is not protected and has one of the statuses `from`; false where nothing matched. */
  setStatus(tx: Tx<S>, id: AccountId, to: AccountStatus, from: readonly AccountStatus[]): Promise<boolean>;
  /** Waits for every Try that is in flight on the account and keeps new ones waiting until the transaction ends. */
  lockAgainstTry(tx: Tx<S>, id: AccountId): Promise<void>;
  hasOpenHolds(tx: Tx<S>, id: AccountId): Promise<boolean>;
}

/** Accounts that every payment may need: money must always have somewhere to go. The table refuses the same. */
export const PROTECTED_KINDS: readonly string[] = ['suspense', 'fees'];

/** True where an insert failed because the merchant has a payee account with this reference and currency. */
export function referenceIsTaken(error: unknown): boolean {
  return violatedConstraint(error) === 'accounts_payee_reference_key';
}

export function createAccountsStore<S extends BalancesSchema>(schema: S): AccountsStore<S> {
  const sql = accountStatements(schema);
  return {
    find: (db, ids) => db.query<AccountRow>(sql.find, [ids]),
    findByCode: async (db, code) => (await db.query<AccountRow>(sql.findByCode, [code]))[0],
    list: (db, { owner, kind, after, limit }) =>
      db.query<AccountRow>(sql.list, [owner ?? null, kind ?? null, after ?? null, limit]),
    listEntries: (db, id, after, limit) => db.query<EntryRow>(sql.listEntries, [id, after ?? null, limit]),
    insertPayee: async (tx, { id, owner, unit, name }) => {
      await tx.query(sql.insertPayee, [id, `payee/${id}`, owner, unit, name]);
    },
    setStatus: async (tx, id, to, from) => (await tx.query(sql.setStatus, [id, to, from, PROTECTED_KINDS])).length > 0,
    lockAgainstTry: async (tx, id) => {
      await tx.query(sql.lockAgainstTry, [id]);
    },
    hasOpenHolds: async (tx, id) => (await tx.query(sql.hasOpenHolds, [id])).length > 0,
  };
}

type Verb = keyof AccountsStore<BalancesSchema>;

function accountStatements(schema: BalancesSchema): Record<Verb, Statement> {
  const accounts = `${schema}.accounts`;
  const named = (verb: string, text: string): Statement => statement(`${accounts}.${verb}`, text);
  const columns = `a.id, a.code, a.kind, a.owner, a.unit, a.name, a.status, a.balance, a.reserved, a.created_at,
    (select coalesce(sum(l.amount), 0)
       from ${schema}.holds h
      cross join lateral unnest(h.account_ids, h.outbound, h.amounts) as l(account_id, outbound, amount)
      where h.status = 'held' and a.id = any(h.account_ids) and l.account_id = a.id and not l.outbound) as pending`;
  return {
    find: named('find_with_pending', `select ${columns} from ${accounts} a where a.id = any($1::uuid[])`),
    findByCode: named('find_by_code', `select ${columns} from ${accounts} a where a.code = $1`),
    list: named(
      'list',
      `select ${columns} from ${accounts} a
        where ($1::text is null or a.owner = $1 or a.owner like $1 || '/%')
          and ($2::text is null or a.kind = $2) and ($3::uuid is null or a.id < $3)
        order by a.id desc limit $4`,
    ),
    listEntries: statement(
      `${schema}.entries.list`,
      `select id, number, gid, amount, balance_after, created_at from ${schema}.entries
        where account_id = $1 and ($2::bigint is null or number < $2) order by number desc limit $3`,
    ),
    insertPayee: named(
      'insert_payee',
      `insert into ${accounts} (id, code, kind, owner, unit, name) values ($1, $2, 'payee', $3, $4, $5)`,
    ),
    setStatus: named(
      'set_status',
      `update ${accounts} set status = $2 where id = $1 and status = any($3::text[]) and kind <> all($4::text[])
       returning id`,
    ),
    lockAgainstTry: named('lock_against_try', `select id from ${accounts} where id = $1 for update`),
    hasOpenHolds: statement(
      `${schema}.holds.of_account`,
      `select 1 as held from ${schema}.holds where status = 'held' and $1::uuid = any(account_ids) limit 1`,
    ),
  };
}
