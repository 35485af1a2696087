import { GENESIS, hashOfLink, headText } from '../../src/accounting/chain';
import { hashOfContent } from '../../src/accounting/voucher';
import { createIds } from '../../src/core/ids';
import type { Sealer } from '../../src/core/sealing';
import type { Booked } from './payment';
import type { Write } from './tables';

/** So many vouchers are posted by one commit, so that they share a link. */
const PER_LINK = 20;
/** The queue posts a voucher so long after its payment was decided. */
const POSTED_AFTER_MS = 60;

export interface Books {
  post(booked: Booked): void;
  /** Appends the last link. */
  end(): void;
}

/** The books' part of a history: vouchers under a chain that leads through all of them, signed as the service signs it. */
export function createBooks(sealer: Sealer, write: Write): Books {
  let nowMs = 0;
  const ids = createIds({ now: () => new Date(nowMs), elapsed: () => 0 });
  let number = 0;
  let previousHash = GENESIS;
  let waiting: Booked[] = [];
  const append = (): void => {
    const last = waiting.at(-1);
    if (last === undefined) return;
    nowMs = last.decidedMs + POSTED_AFTER_MS;
    number += 1;
    const postedAt = micros(nowMs);
    const vouchers = waiting.map((booked) => voucherOf(booked, ids.next<'voucher'>()));
    const hash = hashOfLink({ number: String(number), previousHash, postedAt, vouchers });
    const { keyId, signature } = sealer.sign(headText(String(number), hash));
    write('accounting.links', [
      ...[String(number), previousHash, hash, String(vouchers.length), keyId, signature, postedAt],
    ]);
    vouchers.forEach(({ id, contentHash, occurredAt, booked }, index) => {
      const { terms, orderId, receiptId, gid } = booked;
      write('accounting.vouchers', [
        ...[id, String(number), String(index + 1), 'receipt_settled', receiptId, terms.description, orderId],
        ...[receiptId, gid, terms.legsHash, contentHash, String(terms.postings.length), occurredAt, postedAt],
      ]);
      terms.postings.forEach(({ account, party, currency, debit, credit }, line) => {
        write('accounting.postings', [id, String(line + 1), account, party, currency, debit, credit, String(number)]);
      });
    });
    previousHash = hash;
    waiting = [];
  };
  return {
    post: (booked) => {
      waiting.push(booked);
      if (waiting.length === PER_LINK) append();
    },
    end: append,
  };
}

function voucherOf(booked: Booked, id: string) {
  const { terms, orderId, receiptId, gid, decidedMs } = booked;
  const occurredAt = micros(decidedMs);
  const contentHash = hashOfContent({
    ...{ kind: 'receipt_settled', eventKey: receiptId, description: terms.description, orderId, receiptId, gid },
    ...{ legsHash: terms.legsHash, occurredAt, postings: terms.postings },
  });
  return { id, contentHash, occurredAt, booked };
}

/** RFC 3339 in UTC with six decimals. */
function micros(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
