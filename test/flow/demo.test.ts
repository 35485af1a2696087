import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/process';

/** The demo as a person runs it, with as few orders as it takes for everything to happen once. */
describe('the demo', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'quittance-demo-test-'));
    // As root the embedded server runs as another user, who must be able to pass through to its data.
    chmodSync(folder, 0o711);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('kills the service, settles everything, agrees with the service and leaves nothing behind', async () => {
    const demo = runCommand(['demo', '--orders', '40', '--seed', '11'], { env: { TMPDIR: folder } });
    const code = await demo.ended();
    const output = demo.output();
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('kill -9') as string });
    expect(output).toContain('Every guarantee holds.');
    expect(output).toContain('agree, to the last minor unit');
    for (const kind of ['late payment', 'duplicate payment', 'amount mismatch', 'account refused', 'receipt changed']) {
      expect(output).toMatch(new RegExp(`\\d+ +${kind}`));
    }
    for (const currency of ['CNY', 'EUR', 'JPY', 'KWD', 'USD']) expect(output).toContain(currency);
    expect(readdirSync(folder).filter((name) => name.startsWith('quittance-demo-'))).toEqual([]);
  }, 400_000);

  it('stops everything when it is interrupted', async () => {
    const demo = runCommand(['demo', '--orders', '40'], { env: { TMPDIR: folder } });
    while (!demo.output().includes('orders begin') && demo.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await demo.end('SIGINT')).toBe(130);
    expect(demo.output()).toContain('Interrupted');
    expect(readdirSync(folder).filter((name) => name.startsWith('quittance-demo-'))).toEqual([]);
  }, 300_000);
});
