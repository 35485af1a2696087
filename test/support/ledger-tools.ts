import { spawnSync } from 'node:child_process';

const MISSING = 'no hledger or beancount (install: apt-get install hledger beancount)';

/** True where the real tools of plain-text accounting are there. On CI their absence is a failure and no reason to skip. */
export function hasLedgerTools(): boolean {
  const found = ['hledger', 'bean-check'].every((tool) => spawnSync(tool, ['--version']).status === 0);
  if (!found && process.env['CI'] === 'true') throw new Error(MISSING);
  return found;
}

/** `describe` where the tools are there; else a skipped block whose name says why. */
export function describeWithLedgerTools(name: string, tests: () => void): void {
  if (hasLedgerTools()) describe(name, tests);
  else describe.skip(`${name} [skipped: ${MISSING}]`, tests);
}

/** Runs a tool and gives what it prints; fails with what it says where it refuses. */
export function runTool(tool: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(tool, args, {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
  });
  if (status !== 0)
    throw new Error(
      `${tool} ${args.join(' ')} ended with ${status}: ${stdout.slice(0, 2_000)}${stderr.slice(0, 2_000)}`,
    );
  return stdout;
}

/** Amounts per first two parts of the account's name and currency, as hledger sums them: "100.00 USD" by "assets:x USD". */
export function hledgerBalances(file: string, ...more: string[]): Map<string, string> {
  const lines = runTool('hledger', ['-f', file, 'bal', '--depth', '2', '--empty', '--no-total', '-O', 'csv', ...more])
    .trim()
    .split('\n');
  const balances = new Map<string, string>();
  for (const line of lines.slice(1)) {
    const [, account, amounts] = /^"(.*)","(.*)"$/.exec(line)!;
    for (const amount of amounts!.split(', ')) {
      const [number, currency] = amount.split(' ');
      if (currency !== undefined) balances.set(`${account!} ${currency}`, number!);
    }
  }
  return balances;
}

/** The same of a beancount file, by the first two parts: "Assets:ChannelReceivables USD". */
export function beancountBalances(file: string): Map<string, string> {
  const query = 'select root(account, 2) as account, currency, str(sum(number)) as total group by 1, 2';
  const lines = runTool('bean-query', ['-f', 'csv', file, query]).trim().split('\n');
  return new Map(
    lines.slice(1).map((line) => {
      const [, account, currency, total] = /^([^,]+),([A-Z]{3}) *,Decimal\('([^']+)'\)/.exec(line)!;
      return [`${account!.trim()} ${currency!}`, total!] as const;
    }),
  );
}
