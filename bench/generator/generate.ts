import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { formatAudit, runAudit } from '../../src/audit/run-audit';
import { createSealer } from '../../src/core/sealing';
import { migrate } from '../../src/database/migrations';
import { forAllSchemas } from '../../src/database/open';
import { createPools } from '../../src/database/pools';
import { whole } from '../../test/support/option-values';
import { createSeed } from '../seed';
import { fillHistory } from './fill';

export const HELP = `node --import tsx bench/generator/generate.ts --url <postgres://...> [options]
Fills an empty database with the history of a year, for measuring with. The database must hold nothing else.
  --url <url>          a PostgreSQL database; it is migrated first
  --orders <n>         paid orders (10000000)
  --merchants <n>      over how many merchants (1000)
  --days <n>           spread evenly over so many days until now (365)
  --keep-all           as if retention were switched off; else it has cleaned what its defaults clean
  --endpoint <url>     where the merchants are told (http://127.0.0.1:8999/)
  --no-audit           do not audit what was written
The master key that signs the books is QUITTANCE_MASTER_KEY, or one that is made and printed.
`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      orders: { type: 'string', default: '10000000' },
      merchants: { type: 'string', default: '1000' },
      days: { type: 'string', default: '365' },
      'keep-all': { type: 'boolean', default: false },
      endpoint: { type: 'string', default: 'http://127.0.0.1:8999/' },
      'no-audit': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { url } = values;
  if (values.help || url === undefined) {
    process.stdout.write(HELP);
    return;
  }
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const given = process.env['QUITTANCE_MASTER_KEY'];
  const masterKey = given === undefined ? randomBytes(32) : Buffer.from(given, 'base64');
  if (given === undefined) tell(`QUITTANCE_MASTER_KEY=${masterKey.toString('base64')}`);
  await migrate(forAllSchemas(url));
  const pools = createPools(forAllSchemas(url), { statementTimeoutMs: 3_600_000 });
  const sealer = createSealer([masterKey]);
  try {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const seed = createSeed(pools.databases, sealer);
    await seed.channel('bench-bank', 'BENCH01', secret);
    tell(`the channel bench-bank has the secret ${secret}`);
    const merchants = await seed.merchants(
      whole('merchants', values.merchants, 1, 100_000),
      () => values.endpoint,
      secret,
    );
    const history = {
      orders: whole('orders', values.orders, 1, 100_000_000),
      days: whole('days', values.days, 1, 3_650),
      keepAll: values['keep-all'],
    };
    const filled = await fillHistory({ url, pools, sealer }, { channel: 'bench-bank', merchants }, history, tell);
    process.stdout.write(`${JSON.stringify(filled, null, 2)}\n`);
    if (values['no-audit']) return;
    const report = await runAudit({ databases: pools.databases, sealer });
    process.stdout.write(formatAudit(report));
    if (!report.ok) process.exitCode = 1;
  } finally {
    await pools.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
