import { columnsOf } from '../../../src/consistency/columns';

interface Line {
  readonly id: string;
  readonly amounts: readonly number[];
}

const lineColumns = columnsOf<Line>(
  (line) => line.id,
  (line) => line.amounts.length,
  (line) => line.amounts[0] ?? null,
);

describe('columns of a list', () => {
  it('gives an array per column, in the order of the columns and of the rows', () => {
    const lines = [
      { id: 'a', amounts: [3, 4] },
      { id: 'b', amounts: [] },
    ];
    expect(lineColumns(lines)).toEqual([
      ['a', 'b'],
      [2, 0],
      [3, null],
    ]);
  });

  it('gives an empty array per column of an empty list', () => {
    expect(lineColumns([])).toEqual([[], [], []]);
  });

  it('gives new arrays with every list', () => {
    const lines = [{ id: 'a', amounts: [] }];
    expect(lineColumns(lines)[0]).not.toBe(lineColumns(lines)[0]);
  });
});
