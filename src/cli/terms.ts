import type { Command } from 'commander';
import { type CommandContext, type ShowOptions, group, listVerb, segment, showList, showOne, verb } from './commands';

interface FeeOptions extends ShowOptions {
  readonly rate: string;
  readonly fixed?: string;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly rounding?: string;
}

export function addFeePlanCommands(program: Command, context: CommandContext): void {
  const plans = group(program, 'fee-plans', 'what a merchant pays for a payment, per currency');
  verb(plans, 'set <merchant> <currency>', 'set the plan for orders from now on')
    .requiredOption('--rate <share>', 'the share of the amount, such as 0.006')
    .option('--fixed <amount>', 'an amount on top of the rate')
    .option('--minimum <amount>', 'the least fee')
    .option('--maximum <amount>', 'the most')
    .option('--rounding <way>', 'half_up, half_even, up or down')
    .action(async (merchant: string, currency: string, { json, field, ...plan }: FeeOptions) => {
      const path = `/admin/merchants/${segment(merchant)}/fee-plans/${segment(currency)}`;
      showOne(context, await context.operator().put(path, plan), { json, field });
    });
  listVerb(plans, 'list <merchant>', "a merchant's plans").action(
    async (merchant: string, options: { json?: boolean; limit: number }) => {
      const rows = await context.operator().list(`/admin/merchants/${segment(merchant)}/fee-plans`, {}, options.limit);
      showList(context, rows, options, ['currency', 'rate', 'fixed', 'minimum', 'maximum', 'rounding']);
    },
  );
}

export function addPointsRuleCommands(program: Command, context: CommandContext): void {
  const rules = group(program, 'points-rules', 'the points that customers of a merchant earn, per currency');
  verb(rules, 'set <merchant> <currency>', 'set the rule for orders from now on')
    .requiredOption('--points-per-unit <points>', 'points per whole unit of the currency')
    .option('--point-value <amount>', 'what a point is worth in the currency, where points carry value')
    .action(
      async (
        merchant: string,
        currency: string,
        options: ShowOptions & { pointsPerUnit: string; pointValue?: string },
      ) => {
        const rule = {
          points_per_unit: options.pointsPerUnit,
          ...(options.pointValue === undefined ? {} : { point_value: options.pointValue }),
        };
        const path = `/admin/merchants/${segment(merchant)}/points-rules/${segment(currency)}`;
        showOne(context, await context.operator().put(path, rule), options);
      },
    );
  listVerb(rules, 'list <merchant>', "a merchant's rules").action(
    async (merchant: string, options: { json?: boolean; limit: number }) => {
      const rows = await context
        .operator()
        .list(`/admin/merchants/${segment(merchant)}/points-rules`, {}, options.limit);
      showList(context, rows, options, ['currency', 'points_per_unit', 'point_value']);
    },
  );
}
