import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BooksWorld, booksWorld } from '../support/books-world';

/** Each command begins by translating its sources. */
jest.setTimeout(300_000);

describe('the journal on the command line', () => {
  let books: BooksWorld;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'quittance-journal-'));
    books = await booksWorld();
    await books.post([{}, {}]);
    await books.post([{}]);
  });
  afterAll(async () => {
    await books.world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const quittance = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'src/cli.ts', 'journal', ...args],
      {
        encoding: 'utf8',
        env: {
          ...process.env,
          DATABASE_URL: books.world.urls.accounting,
          // The key under which these books are signed.
          QUITTANCE_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
        },
      },
    );
    return { status, stdout, stderr };
  };

  it('is verified without a running service, and exported to a file', () => {
    const { number, hash } = books.heads.at(-1)!;
    const verified = quittance('verify', '--json', '--seen-head', `${number}:${hash}`);
    expect(JSON.parse(verified.stdout)).toEqual({
      ok: true,
      links: 2,
      vouchers: 3,
      checkpoints: 0,
      head: { number, hash },
      broken: null,
    });
    expect(verified.status).toBe(0);
    const out = join(folder, 'x.journal');
    expect(quittance('export', '--format', 'hledger', '--out', out)).toMatchObject({ status: 0, stdout: '' });
    expect(readFileSync(out, 'utf8').match(/ \* \(vch_/g)).toHaveLength(3);
    expect(quittance('export', '--format', 'csv').stdout.trim().split('\r\n')).toHaveLength(10);
  });

  it.each([
    [['export', '--format', 'pdf'], 'expected one of hledger, beancount, csv'],
    [['export', '--format', 'csv', '--from', 'yesterday'], '--from is "yesterday"'],
    [['export', '--format', 'csv', '--to', '2190-01-01'], 'the instant lies in the future'],
    [['verify', '--seen-head', '1:x'], '--seen-head is "1:x"'],
  ])('says in one line what is wrong with %j', (args, said) => {
    const { status, stderr } = quittance(...args);
    expect([status, stderr.trim().split('\n').length]).toEqual([1, 1]);
    expect(stderr).toContain(said);
  });

  it('names the first broken link and ends with 1', async () => {
    await books.tamper(`update accounting.vouchers set description = 'x' where link_number = 2`);
    const { status, stdout } = quittance('verify');
    expect([status, stdout]).toEqual([1, expect.stringContaining('BROKEN at link 2: the content of voucher')]);
  });
});
