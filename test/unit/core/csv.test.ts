import { csvLine } from '../../../src/core/csv';

describe('a line of CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['with, comma', '"with, comma"'],
    ['with "quotes"', '"with ""quotes"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', `"'\t=1"`],
    ['\r=1', `"'\r=1"`],
    ['  =1', "'  =1"],
    ['=1,"2', `"'=1,""2"`],
  ])('holds the text %j and is no formula', (text, cell) => {
    expect(csvLine([text, null])).toBe(`${cell},\r\n`);
  });

  it('holds amounts as they are, below zero too', () => {
    expect(csvLine([{ number: '-5.00' }, { number: '999999999999999.9999' }])).toBe('-5.00,999999999999999.9999\r\n');
    expect(() => csvLine([{ number: '=1' }])).toThrow('no number');
  });
});
