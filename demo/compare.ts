import type { Expectations } from './expectations';
import type { Findings } from './inspect';
import type { MerchantReport } from './merchant-calls';
import { add, fromMinor } from './minor-units';
import type { Story } from './stories';

/** Where the service and the demo disagree, in sentences; none is what everybody hopes for. */
export function compare(expected: Expectations, found: Findings, stories: readonly Story[]): readonly string[] {
  return [
    ...differ('the balance of', expected.merchants, found.merchants, money),
    ...differ('the balance of', expected.payees, found.payees, money),
    ...differ('the fees in', expected.fees, found.fees, money),
    ...differ('suspense in', expected.suspense, found.suspense, money),
    ...differ('the points of', expected.points, found.points, String),
    ...differ('the worth of the points in', expected.pointsValue, found.pointsValue, money),
    ...differ('what is owed by', expected.receivable, found.receivable, money),
    ...differ('the books of', booksOf(expected), found.books, money),
    ...differ('debits less credits in', new Map(), found.differences, money),
    ...differ('the number of incidents', expected.incidents, withoutNotifications(found.incidents), String),
    ...stories.flatMap(({ id, order, status }) => {
      const is = found.orders.get(id) ?? 'missing';
      return is === status ? [] : [`order ${order.number} (${order.scenario}) is ${is}, expected ${status}`];
    }),
  ];
}

/** What the merchants believe, by what they were told or answered, against what must be so. */
export function compareMerchants(
  report: MerchantReport,
  answered: Readonly<Record<string, string>>,
  stories: readonly Story[],
): readonly string[] {
  const known = new Map(stories.map((story) => [story.id, story]));
  const strangers = Object.keys(report.states).filter((id) => !known.has(id));
  return [
    ...report.wrong,
    ...strangers.map((id) => `a merchant was told of ${id}, which nobody has ordered`),
    ...stories.flatMap(({ id, order, status }) => {
      const believes = report.states[id] ?? answered[id] ?? 'nothing';
      if (status === 'open')
        return report.states[id] === undefined ? [] : [`${order.number} is open, and was announced`];
      return believes === status
        ? []
        : [`${order.merchant} believes that ${order.number} is ${believes}, not ${status}`];
    }),
  ];
}

/** The books say the same as the accounts, account by account. */
function booksOf(expected: Expectations): ReadonlyMap<string, bigint> {
  const books = new Map<string, bigint>();
  const post = (account: string, sums: ReadonlyMap<string, bigint>): void => {
    for (const [name, minor] of sums) add(books, `${account} ${name.split(' ').at(-1) ?? ''}`, minor);
  };
  post('1100', expected.receivable);
  post('2100', expected.merchants);
  post('2200', expected.payees);
  post('2300', expected.pointsValue);
  post('2900', expected.suspense);
  post('4100', expected.fees);
  post('5100', expected.pointsValue);
  return books;
}

/** How often a merchant's server fails for good is chance; everything else that a person must look at was planned. */
function withoutNotifications(incidents: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> {
  return new Map([...incidents].filter(([kind]) => kind !== 'notification_exhausted'));
}

function money(minor: bigint, name: string): string {
  return fromMinor(minor, name.split(' ').at(-1) ?? '');
}

function differ(
  what: string,
  expected: ReadonlyMap<string, bigint>,
  found: ReadonlyMap<string, bigint>,
  show: (value: bigint, name: string) => string,
): readonly string[] {
  const names = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return names.flatMap((name) => {
    const should = expected.get(name) ?? 0n;
    const is = found.get(name) ?? 0n;
    return is === should ? [] : [`${what} ${name} is ${show(is, name)}, expected ${show(should, name)}`];
  });
}
