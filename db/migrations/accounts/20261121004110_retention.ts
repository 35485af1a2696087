import type { Knex } from 'knex';
import { createRetentionMarks } from '../../retention-marks';

export const up = (knex: Knex): Promise<void> => createRetentionMarks(knex, 'accounts');
