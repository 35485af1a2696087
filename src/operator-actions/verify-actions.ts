import type { Sealer } from '../core/sealing';
import { type Database, inTransaction } from '../consistency/transaction';
import { type RecordRow, actionsStore } from './actions-store';
import { GENESIS, hashOfRecord, signedText } from './chain';

export interface SeenHead {
  readonly number: string;
  readonly hash: string;
}

export interface ActionsReport {
  readonly records: number;
  /** The newest record that was reached; undefined where there is none. */
  readonly head: SeenHead | undefined;
  /** The first record where the chain breaks, and why; undefined where it holds. */
  readonly broken: { readonly record: string; readonly reason: string } | undefined;
}

const PAGE = 500;

/**
 * Recomputes the chain of operators' actions from its rows, in one snapshot, page by page. Older records lie under the
 * signature of the head, so that a master key which has been rotated away is not needed for them.
 * @param seen a head from the log: the chain must still lead through it
 */
export async function verifyActions(db: Database<'orders'>, sealer: Sealer, seen?: SeenHead): Promise<ActionsReport> {
  return inTransaction(
    db,
    'operator_actions.verify',
    async (tx) => {
      const presentKey = sealer.sign('').keyId;
      let head: RecordRow | undefined;
      let records = 0;
      const end = (broken?: ActionsReport['broken']): ActionsReport => ({
        records,
        head: head && { number: head.number, hash: head.hash },
        broken,
      });
      for (let page = await actionsStore.page(tx, '0', PAGE); page.length > 0;) {
        for (const record of page) {
          const reason = faultOf(record, head, seen, record.key_id === presentKey ? sealer : undefined);
          if (reason !== undefined) return end({ record: record.number, reason });
          head = record;
          records += 1;
        }
        page = await actionsStore.page(tx, head?.number ?? '0', PAGE);
      }
      if (head !== undefined && !isSigned(sealer, head)) {
        return end({ record: head.number, reason: 'the newest record is not signed by any configured master key' });
      }
      if (seen !== undefined && BigInt(head?.number ?? '0') < BigInt(seen.number)) {
        return end({
          record: seen.number,
          reason: 'the log has this record and the database does not: the end was cut off',
        });
      }
      return end();
    },
    'repeatable read',
  );
}

function faultOf(
  record: RecordRow,
  before: RecordRow | undefined,
  seen: SeenHead | undefined,
  sealer: Sealer | undefined,
): string | undefined {
  if (BigInt(record.number) !== BigInt(before?.number ?? '0') + 1n) return 'it does not follow in number';
  if (record.previous_hash !== (before?.hash ?? GENESIS)) return 'it does not name the hash of the record before it';
  if (hashOfRecord(record) !== record.hash) return 'its hash is not the hash of its content';
  if (seen?.number === record.number && seen.hash !== record.hash) return 'its hash is not the one that the log has';
  if (sealer !== undefined && !isSigned(sealer, record)) return 'its signature is wrong';
  return undefined;
}

function isSigned(sealer: Sealer, record: RecordRow): boolean {
  return sealer.verify(signedText(record.number, record.hash), record.key_id, record.signature);
}
