import { indexBy } from '../../../src/core/index-by';

interface Row {
  readonly id: string;
  readonly amount: number;
}

const idOfRow = (row: Row): string => row.id;

it('finds rows by their key, in the order of the rows', () => {
  const rows = [
    { id: 'b', amount: 1 },
    { id: 'a', amount: 2 },
  ];
  expect([...indexBy(rows, idOfRow)]).toEqual([
    ['b', rows[0]],
    ['a', rows[1]],
  ]);
});

it('keeps the last of those with one key, in the place of the first', () => {
  const rows = [
    { id: 'a', amount: 1 },
    { id: 'b', amount: 2 },
    { id: 'a', amount: 3 },
  ];
  expect([...indexBy(rows, idOfRow).values()]).toEqual([rows[2], rows[1]]);
});
