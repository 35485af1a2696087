import type { Rule } from '../rules-store';

/** What the books can show in one snapshot. */
export const BOOKS_RULES: readonly Rule[] = [
  {
    guarantee: 6,
    what: 'a voucher does not balance',
    rows: 'select count(*) from accounting.postings',
    violations: `
      select voucher_id as key, jsonb_build_object('currency', currency, 'debit', sum(debit)::text, 'credit', sum(credit)::text) as facts
        from accounting.postings group by voucher_id, currency having sum(debit) <> sum(credit)`,
  },
  {
    guarantee: 6,
    what: 'a voucher has other lines than it says',
    rows: 'select count(*) from accounting.vouchers',
    violations: `
      select v.id as key, jsonb_build_object('lines', v.lines, 'found', coalesce(p.found, 0)) as facts
        from accounting.vouchers v
        left join (select voucher_id, count(*) as found from accounting.postings group by voucher_id) p on p.voucher_id = v.id
       where v.lines <> coalesce(p.found, 0)`,
  },
  {
    guarantee: 6,
    what: 'an event has several vouchers',
    violations: `
      select kind || ' ' || event_key as key, jsonb_build_object('vouchers', count(*)) as facts
        from accounting.vouchers group by kind, event_key having count(*) > 1`,
  },
  {
    guarantee: 6,
    what: 'the trial balance of a currency is not zero',
    violations: `
      select currency as key, jsonb_build_object('debit', sum(debit)::text, 'credit', sum(credit)::text) as facts
        from accounting.postings group by currency having sum(debit) <> sum(credit)`,
  },
  {
    guarantee: 7,
    what: 'a posting lies under another link than its voucher',
    violations: `
      select p.voucher_id::text || ' ' || p.line as key, jsonb_build_object('link', p.link_number, 'of_voucher', v.link_number) as facts
        from accounting.postings p join accounting.vouchers v on v.id = p.voucher_id
       where p.link_number <> v.link_number`,
  },
];
