import type { Knex } from 'knex';
import { createBalances } from '../../balances-schema';

export const up = (knex: Knex): Promise<void> => createBalances(knex, 'points');
