import { Command } from 'commander';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addReconciliationCommands } from '../../src/cli/reconciliation';
import { createClient } from '../../src/cli/client';
import * as operations from '../../src/reconciliation/reconciliation-operations';
import { cases } from '../contract/reconciliation.cases';
import { STATEMENT_FILE, csv, day } from '../support/statements';
import { OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** Read through a function, because the compiler believes that nobody else sets it. */
const exitCode = (): unknown => process.exitCode ?? 0;

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(async () => {
  await world.mustBeSound();
  await world.stop();
});

describe('the operations of the reconciliation', () => {
  const all = Object.values(operations);

  it.each(cases)('$operation, $about, is answered as described', async ({ operation, status, call }) => {
    const described = all.find((one) => one.id === operation)!;
    const answer = await call(world);
    expect({ status: answer.status, body: answer.text }).toMatchObject({ status });
    if (status < 400) described.answer.schema!.parse(answer.body);
    else expect(answer.body.code).toEqual(expect.any(String));
  });
});

describe('the command line of the reconciliation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-cli-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('sets a mapping, reconciles a file, shows it, and exits with 2 on differences and 1 on a quarantine', async () => {
    const server = createServer(world.wired.app).listen(0);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const lines: string[] = [];
    const run = async (...args: string[]): Promise<{ code: unknown; text: string }> => {
      lines.length = 0;
      process.exitCode = undefined;
      const program = new Command('quittance');
      addReconciliationCommands(program, {
        output: { line: (text) => lines.push(text), text: (text) => lines.push(text) },
        config: () => ({ dataDir: '', url, operatorToken: OPERATOR_TOKEN, apiKey: undefined }),
        operator: () => createClient(url, OPERATOR_TOKEN),
      });
      await program.parseAsync(['node', 'quittance', ...args]);
      const code = exitCode();
      process.exitCode = undefined;
      return { code, text: lines.join('\n') };
    };
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const channel = await world.channel();
    const mapping = file('mapping.json', JSON.stringify({ file: STATEMENT_FILE }));
    expect((await run('reconciliation', 'mapping', 'set', channel.name, mapping)).text).toContain(channel.name);
    const about = ['reconcile', '--channel', channel.name, '--date', day()];
    const fine = file('fine.csv', csv([{ theirs: 'a', amount: '1', status: 'FAILED' }]));
    expect(await run(...about, fine)).toMatchObject({ code: 0, text: expect.stringContaining('not_money') });
    const lost = file('lost.csv', csv([{ theirs: `cli${channel.name}`, amount: '2.00' }]));
    const printed = await run(...about, lost, '--json', '--expect-total', 'USD:2.00', '--mapping', mapping);
    expect(printed.code).toBe(2);
    const { run: found } = JSON.parse(printed.text);
    expect(found.totals).toMatchObject([{ class: 'recovered', count: 1, amount: '2.00' }]);
    expect((await run(...about, lost)).text).toContain('has had this file before');
    expect((await run('reconciliation', 'show', found.id, '--class', 'recovered')).text).toContain('paid 2.00 USD');
    expect((await run('reconciliation', 'runs', '--channel', channel.name)).text).toContain(found.id);
    expect((await run('reconciliation', 'pool', '--channel', channel.name)).text).toBe('none');
    expect(await run(...about, file('bad.csv', 'x'))).toMatchObject({
      code: 1,
      text: expect.stringContaining('no column'),
    });
    await expect(run(...about, join(folder, 'missing.csv'))).rejects.toThrow('ENOENT');
    await new Promise((resolve) => server.close(resolve));
    await world.quiet(90_000);
  }, 120_000);
});
