import { z } from 'zod';
import { currencyText, decimalText, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';

const share = z
  .string()
  .regex(/^(0(\.\d{1,6})?|1(\.0{1,6})?)$/, 'is a decimal string from "0" to "1" with at most 6 decimals');
const factor = z
  .string()
  .regex(/^(0|[1-9]\d{0,5})(\.\d{1,4})?$/, 'is a decimal string below a million, with at most 4 decimals');

export const feePlanBody = z.strictObject({
  rate: share,
  fixed: decimalText.default('0'),
  minimum: decimalText.nullable().default(null),
  maximum: decimalText.nullable().default(null),
  rounding: z.enum(['half_up', 'half_even', 'up', 'down']).default('half_up'),
});

export const pointsRuleBody = z.strictObject({
  points_per_unit: factor.refine((text) => /[1-9]/.test(text), 'is above zero'),
  point_value: factor.default('0'),
});

export const merchantTermsPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const termsPath = merchantTermsPath.extend({ currency: currencyText });
export const listQuery = z.strictObject(pageFields);
