import fc from 'fast-check';
import { type FileMapping, fileMapping } from '../../../src/reconciliation/mapping-schemas';
import { readCsv } from '../../../src/reconciliation/readers/csv/csv-reader';
import { decimalReader } from '../../../src/reconciliation/readers/csv/decimals';
import { timeReader } from '../../../src/reconciliation/readers/csv/times';
import { type StatementLine, StatementRefused } from '../../../src/reconciliation/statement-line';

const PLAIN = {
  columns: { payment_reference: 'ours', provider_reference: 'theirs', amount: 'amount', currency: 'currency' },
};

interface Options {
  readonly batch?: number;
  readonly mostLines?: number;
  readonly expected?: object;
}

/** Every line of a file, which arrives in pieces of so many bytes. */
async function read(
  file: string | Buffer,
  mapping: object = PLAIN,
  { batch = 100, mostLines = 1_000, expected = {} }: Options = {},
  pieces = 7,
): Promise<StatementLine[]> {
  const bytes = Buffer.from(file as string);
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += pieces) yield await Promise.resolve(bytes.subarray(at, at + pieces));
  }
  const lines: StatementLine[] = [];
  for await (const list of readCsv(chunks(), {
    mapping: fileMapping.parse(mapping),
    timeZone: 'Asia/Shanghai',
    receivingAccount: 'ACC',
    statementDate: '2026-11-20',
    expected,
    batch,
    mostLines,
  })) {
    expect(list.length).toBeLessThanOrEqual(batch);
    lines.push(...list);
  }
  return lines;
}

async function refusal(file: string | Buffer, mapping: object = PLAIN, options: Options = {}): Promise<string> {
  const error: unknown = await read(file, mapping, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StatementRefused);
  return (error as Error).message;
}

const HEADER = 'ours,theirs,amount,currency';

describe('the reader of statements in CSV', () => {
  it('reads columns by name, with a BOM, CRLF, empty lines and quotes', async () => {
    const file = `\ufeff${HEADER}\r\n\r\n"a""b",pi_1,"1.50",eur\r\n,"pi_2, x",2,EUR\r\n`;
    expect(await read(file)).toMatchObject([
      {
        number: 3,
        paymentReference: 'a"b',
        providerReference: 'pi_1',
        amount: '1.50',
        currency: 'EUR',
        status: 'paid',
      },
      { number: 4, paymentReference: null, providerReference: 'pi_2, x', amount: '2.00' },
    ]);
  });

  it('reads GB18030 with a header of comments, padding, positions and a fixed currency, in pieces of one byte', async () => {
    // "订单" in GB18030.
    const words = Buffer.from([0xb6, 0xa9, 0xb5, 0xa5]);
    const file = Buffer.concat([
      Buffer.from('#'),
      words,
      Buffer.from('\n20211,\tORD1\t,12.30 ,'),
      words,
      Buffer.from('\n'),
    ]);
    const mapping = {
      encoding: 'gb18030',
      header: false,
      ignore_lines_starting_with: ['#'],
      currency: 'CNY',
      columns: { provider_reference: 1, payment_reference: 2, amount: 3, status: 4 },
      status_words: { paid: ['订单'] },
    };
    expect(await read(file, mapping, {}, 1)).toMatchObject([
      { providerReference: '20211', paymentReference: 'ORD1', amount: '12.30', currency: 'CNY' },
    ]);
  });

  it('reads minor units under the mapping’s own exponents, fees of either sign, and amounts with commas', async () => {
    const file = 'id;amount;fee;currency\nA;10000;-30;ISK\nB;1050;-7;USD\n';
    const mapping = {
      delimiter: ';',
      units: 'minor',
      minor_exponents: { ISK: 2 },
      fee_sign: 'cost_is_negative',
      columns: { provider_reference: 'id', amount: 'amount', fee: 'fee', currency: 'currency' },
    };
    expect(await read(file, mapping)).toMatchObject([
      { amount: '100', fee: '0.3' },
      { amount: '10.50', fee: '0.07' },
    ]);
  });

  it('tells what is paid, failed, paid back and none of ours by the mapping’s words, or by the sign', async () => {
    const mapping = {
      columns: { provider_reference: 'id', line_id: 'line', amount: 'amount', refund_amount: 'back', status: 'is' },
      currency: 'EUR',
      status_words: {
        paid: ['ok'],
        failed: ['no'],
        refunded: ['back'],
        reversed: ['charged back'],
        ignored: ['payout'],
      },
    };
    const file = 'id,line,amount,back,is\nA,,1,0,ok\nB,,1,0,no\nA,r1,0,0.4,back\nA,r2,0,0.4,back\nC,,-9,0,payout\n';
    const lines = await read(file, mapping);
    expect(lines.map(({ status, amount, identity }) => [status, amount, identity])).toEqual([
      ['paid', '1.00', 'paid:A'],
      ['failed', '1.00', 'failed:B'],
      ['refunded', '0.40', 'refunded:r1'],
      ['refunded', '0.40', 'refunded:r2'],
    ]);
    expect(await read(`${HEADER}\n,A,-3,EUR\n`)).toMatchObject([
      { status: 'refunded', amount: '3.00', identified: false },
    ]);
  });

  it('gives a line without the provider’s id an identity by what it says, the same wherever it stands', async () => {
    const [one, two, three] = await read(`${HEADER}\nX,,1,EUR\nX,,1,EUR\nX,,2,EUR\n`);
    expect(one!.identified).toBe(false);
    expect(one!.identity).toBe(two!.identity);
    expect(one!.identity).not.toBe(three!.identity);
  });

  it('proves the footer’s totals, on its own line or the next one, and what the caller knows', async () => {
    const mapping = {
      ...PLAIN,
      strip: '`',
      footer: { first_field: 'Total', values: 'next_line', count: 1, amount: 2 },
    };
    const file = (count: number, amount: string): string =>
      `${HEADER}\n\`X,\`A,\`1.10,\`EUR\n\`Y,\`B,\`2.20,\`EUR\nTotal count,Total amount\n\`${count},\`${amount}\n`;
    expect(await read(file(2, '3.30'), mapping)).toHaveLength(2);
    expect(await refusal(file(3, '3.30'), mapping)).toContain("the footer's count is 3, that of the lines is 2");
    expect(await refusal(file(2, '3.31'), mapping)).toContain("the footer's amount is 3.31, that of the lines is 3.3");
    expect(await refusal(`${HEADER}\nX,A,1,EUR\n`, mapping)).toContain('there is no footer');
    const plain = `${HEADER}\nX,A,1,EUR\n`;
    expect(await read(plain, PLAIN, { expected: { count: 1, amounts: { EUR: '1' } } })).toHaveLength(1);
    expect(await refusal(plain, PLAIN, { expected: { count: 2, amounts: { EUR: '5' } } })).toMatch(/2 lines.*5 EUR/);
  });

  it.each([
    ['a missing column', 'ours,theirs,sum\nX,A,1\n', 'there is no column "amount"'],
    ['a column that is there twice', 'ours,theirs,amount,amount,currency\n', 'twice'],
    ['nothing at all', '', 'no header line'],
    ['an amount that is none', `${HEADER}\nX,A,1.00,EUR\nX,B,=1+1,EUR\n`, 'line 3: "=1+1" is not an amount'],
    ['an amount with the other decimal sign', `${HEADER}\nX,A,"1,50",EUR\n`, 'is not an amount'],
    ['an amount with too many decimals', `${HEADER}\nX,A,1.005,EUR\n`, 'EUR has 2 decimals'],
    ['an amount beyond any', `${HEADER}\nX,A,9999999999999999,EUR\n`, 'line 2'],
    ['a payment of zero', `${HEADER}\nX,A,0.00,EUR\n`, 'zero or less'],
    ['a currency that is none', `${HEADER}\nX,A,1,EURO\n`, '"EURO" is not a currency'],
    ['a row that is cut off', `${HEADER}\nX,A\n`, 'line 2'],
    ['a payment without any reference', `${HEADER}\n,,1,EUR\n`, 'without any reference'],
    ['a NUL', `${HEADER}\nX,A\u0000,1,EUR\n`, 'NUL'],
    ['a control character in a reference', `${HEADER}\nX,A\u001b[2J,1,EUR\n`, 'control character'],
    ['a reference without end', `${HEADER}\nX,${'9'.repeat(300)},1,EUR\n`, 'more than 128 characters'],
    ['a field of a megabyte', `${HEADER}\nX,${'9'.repeat(1_000_000)},1,EUR\n`, 'it is not CSV'],
    ['a quote that is never closed', `${HEADER}\nX,"A,1,EUR\nY,B,1,EUR\n`, 'it is not CSV'],
    ['a quote in the middle', `${HEADER}\nX,A"b,1,EUR\n`, 'it is not CSV'],
  ])('refuses %s, whole and with the reason', async (_, file, reason) => {
    expect(await refusal(file)).toContain(reason);
  });

  it('refuses bytes that are not of the encoding: two encodings in one file, half a character at its end', async () => {
    const latin = Buffer.from(`${HEADER}\nJos\u00e9,A,1,EUR\n`, 'latin1');
    expect(await refusal(latin)).toContain('the file is not utf-8');
    expect(await refusal(Buffer.concat([Buffer.from(`${HEADER}\nX,A,1,EUR\n`), Buffer.from([0xe2, 0x82])]))).toContain(
      'not utf-8',
    );
    expect(await refusal(Buffer.from([0x6f, 0xff, 0xff, 0x0a]), { ...PLAIN, encoding: 'gb18030' })).toContain(
      'not gb18030',
    );
  });

  it('names ten wrong lines and no more, and stops at the most lines that it takes, however many follow', async () => {
    const wrong = await refusal(`${HEADER}\n${'X,A,nothing,EUR\n'.repeat(50)}`);
    expect(wrong.match(/line /g)).toHaveLength(10);
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from(`${HEADER}\n`);
      for (let id = 0; ; id += 1) yield await Promise.resolve(Buffer.from(`X,${id},1,EUR\n`));
    }
    const reader = readCsv(endless(), {
      mapping: fileMapping.parse(PLAIN),
      timeZone: 'UTC',
      receivingAccount: 'ACC',
      statementDate: '2026-11-20',
      expected: {},
      batch: 50,
      mostLines: 120,
    });
    await expect(
      (async () => {
        for await (const list of reader) expect(list).toHaveLength(50);
      })(),
    ).rejects.toThrow('more than 120 lines');
  });

  it('refuses a statement of another account, and a status that the mapping does not know', async () => {
    const mapping = {
      columns: { provider_reference: 'id', amount: 'amount', account: 'account', status: 'status' },
      currency: 'EUR',
      status_words: { paid: ['ok'] },
    };
    expect(await refusal('id,amount,account,status\nA,1,OTHER,ok\n', mapping)).toContain('of the account "OTHER"');
    expect(await refusal('id,amount,account,status\nA,1,ACC,maybe\n', mapping)).toContain('"maybe" is not a status');
  });

  it('never throws anything but a refusal, whatever the bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const file = Buffer.concat([Buffer.from(`${HEADER}\n`), Buffer.from(bytes)]);
        await read(file).catch((error: unknown) => {
          expect(error).toBeInstanceOf(StatementRefused);
        });
      }),
      { numRuns: 200 },
    );
  });
});

describe('decimals', () => {
  const nordic = decimalReader({ decimal_separator: ',', thousands_separator: '.' });
  const plain = decimalReader({ decimal_separator: '.', thousands_separator: '' });

  it.each([
    ['1.234,50', '1234.5'],
    ['1234,5', '1234.5'],
    ['-0,00', '0'],
    ['+7', '7'],
    ['007,10', '7.1'],
  ])('reads %s as %s', (text, value) => {
    expect(nordic(text)).toBe(value);
  });

  it.each(['1,234.50', '1.23', '12.34.567', '1e3', '', '-', 'NaN', '1 000', '٣', '1.234.5'])(
    'does not read "%s"',
    (text) => {
      expect(nordic(text)).toBeUndefined();
    },
  );

  it('reads back every amount that it could have been written from', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), (minor) => {
        const text = `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
        expect(Number(plain(text))).toBe(Number(text));
      }),
    );
  });
});

describe('times', () => {
  const iso = timeReader(undefined, 'Asia/Shanghai');
  const bank = timeReader('dd.MM.yyyy HH:mm', 'Europe/Oslo');

  it('reads ISO 8601 and a format of the bank’s, with the zone of the text before that of the mapping', () => {
    expect(iso('2026-11-20T08:30:00.123Z')).toBe('2026-11-20 08:30:00 Z');
    expect(iso('2026-11-20 08:30:00 +0800')).toBe('2026-11-20 08:30:00 +0800');
    expect(iso('2026-11-20')).toBe('2026-11-20 00:00:00 Asia/Shanghai');
    expect(bank('28.02.2028 23:59')).toBe('2028-02-28 23:59:00 Europe/Oslo');
  });

  it.each(['2026-02-30', '2026-13-01', '2026-11-20 24:00:00', '20/11/2026', 'yesterday', ''])(
    'does not read "%s"',
    (text) => {
      expect(iso(text)).toBeUndefined();
    },
  );
});

describe('what is told of a file', () => {
  const HALF = /\p{Surrogate}/u;
  const long = (units: number): string => `${'x'.repeat(units - 1)}😀`;
  const mapping = { ...PLAIN, footer: { first_field: 'Total', values: 'next_line', count: 1 } };

  it.each([
    ['an amount', `${HEADER}\na,b,${long(60)},EUR\n`, PLAIN],
    ['a footer', `${HEADER}\nTotal\n${long(40)}\n`, mapping],
    ['a header', `${long(400)},b\n`, PLAIN],
    ['what is no CSV', `${HEADER}\n"a"${long(200)},b\n`, PLAIN],
  ])('of %s never ends in half a character, which could not be kept', async (_what, file, by) => {
    expect(await refusal(file, by)).not.toMatch(HALF);
  });
});

describe('a mapping', () => {
  const problems = (file: object): string[] =>
    (fileMapping.safeParse(file).error?.issues ?? []).map((issue) => issue.path.join('.'));

  it('is refused where it could not be followed', () => {
    expect(problems({ ...PLAIN, currency: 'EUR' })).toEqual(['currency']);
    expect(problems({ columns: { amount: 'a' }, currency: 'EUR' })).toEqual(['columns']);
    expect(problems({ ...PLAIN, columns: { ...PLAIN.columns, status: 's' } })).toEqual(['status_words.paid']);
    expect(problems({ ...PLAIN, header: false })).toEqual(['columns']);
    expect(problems({ ...PLAIN, thousands_separator: '.' })).toEqual(['thousands_separator']);
    expect(problems({ ...PLAIN, time_zone: 'Mars/Base' })).toEqual(['time_zone']);
    expect(problems({ ...PLAIN, time_format: 'dd/MM/yy' })).toEqual(['time_format']);
    const words: FileMapping['status_words'] = { paid: ['x'], failed: ['x'], refunded: [], reversed: [], ignored: [] };
    expect(problems({ ...PLAIN, status_words: words })).toEqual(['status_words']);
  });
});
