import { z } from 'zod';
import { runCommand } from '../../test/support/process';
import type { Case } from './case';
import { judgeMoney } from './money';
import { judgeNotifications } from './notifications';
import { judgeOrders } from './orders';
import { judgeReceipts } from './receipts';

export interface Verdict {
  /** Rows that the audit has looked at, by guarantee. */
  readonly audited: Readonly<Record<string, number>>;
  /** Notifications that stand in their schedule. */
  readonly owed: number;
}

/**
 * Compares what the bank, the merchants and arithmetic know with what the service says, and has it audit itself.
 * @param env what the audit needs of its environment
 * @param everybodyTold whether each merchant that can be reached must have been told by now
 */
export async function judge(
  known: Case,
  env: Readonly<Record<string, string>>,
  everybodyTold: boolean,
): Promise<Verdict> {
  const orders = await judgeOrders(known);
  await judgeReceipts(known, orders);
  await judgeMoney(known, orders);
  const owed = await judgeNotifications(known, orders, everybodyTold);
  return { audited: await audit(known, env), owed };
}

const report = z.object({
  ok: z.boolean(),
  guarantees: z.array(
    z.object({
      number: z.number(),
      title: z.string(),
      checked: z.number(),
      count: z.number(),
      violations: z.array(
        z.object({ key: z.string(), what: z.string(), facts: z.record(z.string(), z.string().nullable()) }),
      ),
    }),
  ),
});

/** An audit that could not connect in time, because the machine has much to do, has said nothing: it is made again. */
const AUDIT_TRIES = 4;

async function runAudit(env: Readonly<Record<string, string>>): Promise<{ code: number | string; output: string }> {
  for (let tries = 1; ; tries += 1) {
    const command = runCommand(['audit', '--json'], { env });
    const code = await command.ended();
    const output = command.output();
    if (output.startsWith('{')) return { code, output };
    if (tries === AUDIT_TRIES) throw new Error(`the audit ended with ${code}: ${output.slice(0, 500)}`);
  }
}

/** `quittance audit`, in a process of its own. */
async function audit({ findings }: Case, env: Readonly<Record<string, string>>): Promise<Record<string, number>> {
  const { code, output } = await runAudit(env);
  const { guarantees } = report.parse(JSON.parse(output));
  for (const { number, violations, count } of guarantees) {
    for (const { what, key, facts } of violations) {
      findings.add('audit', `guarantee ${number}: ${what} (${key}, ${JSON.stringify(facts)})`);
    }
    for (let more = violations.length; more < count; more += 1) findings.add('audit', `guarantee ${number}: one more`);
  }
  if (code !== 0 && findings.count('audit') === 0) findings.add('audit', `the audit ended with ${code}`);
  return Object.fromEntries(guarantees.map(({ number, checked }) => [String(number), checked]));
}
