import { z } from 'zod';
import { currencyText, decimalText, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownAmount, shownCurrency, shownIdOf, shownTime } from '../http/shown';

const share = z
  .string()
  .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, 'is a decimal string from "0" to "1" with at most 6 decimals')
  .meta({ description: 'The share of the amount, from 0 to 1, with at most 6 decimals', example: '0.029' });
const factor = z
  .string()
  .regex(/^(0|[1-9]\d{0,5})(\.\d{1,4})?$/, 'is a decimal string below a million, with at most 4 decimals');
const rounding = z.enum(['half_up', 'half_even', 'up', 'down']).meta({
  description: 'How the share of the amount is rounded to the decimals of the currency',
  example: 'half_up',
});

export const feePlanBody = z.strictObject({
  rate: share,
  fixed: decimalText.default('0').meta({ description: 'Added to the share; not below zero', example: '0.30' }),
  minimum: decimalText.nullable().default(null).meta({ description: 'The fee is at least this', example: '0.50' }),
  maximum: decimalText.nullable().default(null).meta({ description: 'The fee is at most this', example: '25.00' }),
  rounding: rounding.default('half_up'),
});

export const pointsRuleBody = z.strictObject({
  points_per_unit: factor
    .refine((text) => /[1-9]/.test(text), 'is above zero')
    .meta({ description: 'Points for one unit of the currency; above zero', example: '1' }),
  point_value: factor
    .default('0')
    .meta({ description: 'What one point is worth in the currency, for the books', example: '0.01' }),
});

export const merchantTermsPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const termsPath = merchantTermsPath.extend({ currency: currencyText });
export const listQuery = z.strictObject(pageFields);

export const feePlanView = z
  .strictObject({
    id: shownIdOf('feePlan'),
    merchant: shownIdOf('merchant'),
    currency: shownCurrency,
    rate: z
      .string()
      .regex(/^\d(\.\d{1,6})?$/)
      .meta({ description: 'The share of the amount, from 0 to 1', example: '0.029' }),
    fixed: shownAmount.meta({ example: '0.30' }),
    minimum: shownAmount.nullable().meta({ description: 'The fee is at least this', example: '0.50' }),
    maximum: shownAmount.nullable().meta({ description: 'The fee is at most this', example: '25.00' }),
    rounding,
    created_at: shownTime.meta({ description: 'Since when it is in force' }),
  })
  .meta({ id: 'FeePlan', description: 'What a merchant pays per payment in one currency' });
export type FeePlanView = z.output<typeof feePlanView>;

export const pointsRuleView = z
  .strictObject({
    id: shownIdOf('pointsRule'),
    merchant: shownIdOf('merchant'),
    currency: shownCurrency,
    points_per_unit: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,4})?$/)
      .meta({ description: 'Points for one unit of the currency', example: '1' }),
    point_value: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,4})?$/)
      .meta({ description: 'What one point is worth in the currency', example: '0.01' }),
    created_at: shownTime.meta({ description: 'Since when it is in force' }),
  })
  .meta({ id: 'PointsRule', description: 'What a customer earns per payment in one currency' });
export type PointsRuleView = z.output<typeof pointsRuleView>;
