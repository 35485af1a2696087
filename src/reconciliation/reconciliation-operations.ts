import { z } from 'zod';
import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import {
  channelMapping,
  channelPath,
  examineBody,
  listPoolQuery,
  listResultsQuery,
  listRunsQuery,
  mappingView,
  poolView,
  resultView,
  runPath,
  runView,
  uploadQuery,
  uploadView,
} from './reconciliation-schemas';

const STATEMENT = [
  'reference,id,amount,fee,status,time',
  '019e9a3c5d2f7c418a6b3f2d1c0b9a87,pay_1,12.50,0.23,paid,2026-11-20T09:30:00Z',
  '019e9a3c5d2f7c418a6b3f2d1c0b9a88,pay_2,99.00,1.40,paid,2026-11-20T09:31:12Z',
].join('\n');

const RUN = 'rcn_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';

export const uploadStatement = operation({
  id: 'uploadStatement',
  method: 'post',
  path: '/statements',
  summary: 'Hand in a channel’s statement',
  description:
    'The body is the file itself, 512 MiB at most, as `text/csv`. It is read and proved while it arrives: a file that is ' +
    'not what the mapping says, or whose totals are not those of its footer or of `expect_count` and `expect_total`, is ' +
    '`quarantined` whole. A proved one is `staged`, and matched by itself: ask for the run until it is `done`. The same ' +
    'file again is answered with its first run. `mapping` is a StatementFile as JSON, for this run only.',
  query: uploadQuery,
  rawBody: {
    description: 'The file',
    content: {
      'text/csv': {
        schema: z.string(),
        examples: { statement: { summary: 'Two payments', value: STATEMENT } },
      },
    },
  },
  answer: { status: 201, description: 'What has become of the file', schema: uploadView },
  problems: ['not_found', 'no_statement_mapping', 'unsupported_media_type', 'unsupported_encoding'],
  example: { query: { channel: 'my-bank', date: '2026-11-20' } },
});

export const listRuns = operation({
  id: 'listReconciliationRuns',
  method: 'get',
  path: '/runs',
  summary: 'List runs of the reconciliation, newest first',
  query: listRunsQuery,
  answer: { status: 200, description: 'A page of runs', schema: pageOf(runView) },
  problems: ['invalid_cursor'],
  example: { query: { channel: 'my-bank' } },
});

export const showRun = operation({
  id: 'showReconciliationRun',
  method: 'get',
  path: '/runs/:run_id',
  summary: 'Show a run with its totals',
  params: runPath,
  answer: { status: 200, description: 'The run', schema: runView },
  problems: ['not_found'],
  example: { params: { run_id: RUN } },
});

export const listResults = operation({
  id: 'listReconciliationResults',
  method: 'get',
  path: '/runs/:run_id/results',
  summary: 'List what the lines and receipts of a run came to',
  params: runPath,
  query: listResultsQuery,
  answer: { status: 200, description: 'A page of results, in the order of the file', schema: pageOf(resultView) },
  problems: ['not_found', 'invalid_cursor'],
  example: { params: { run_id: RUN }, query: { class: 'amount_difference' } },
});

export const listPool = operation({
  id: 'listReconciliationPool',
  method: 'get',
  path: '/pool',
  summary: 'List what one side has and the other has not yet, newest first',
  query: listPoolQuery,
  answer: { status: 200, description: 'A page of what waits', schema: pageOf(poolView) },
  problems: ['invalid_cursor'],
  example: { query: { channel: 'my-bank', side: 'ours' } },
});

export const examinePools = operation({
  id: 'examineReconciliationPools',
  method: 'post',
  path: '/examinations',
  summary: 'Look at a channel’s pools without a statement',
  description:
    'What waits on the bank’s side is looked for again, and what has waited for too long on either side becomes an incident.',
  body: examineBody,
  answer: { status: 201, description: 'The run that does it', schema: runView },
  problems: ['not_found'],
  example: { body: { channel: 'my-bank' } },
});

export const showMapping = operation({
  id: 'showStatementMapping',
  method: 'get',
  path: '/mappings/:channel',
  summary: 'Show how a channel’s statements are read',
  params: channelPath,
  answer: { status: 200, description: 'The mapping', schema: mappingView },
  problems: ['not_found', 'no_statement_mapping'],
  example: { params: { channel: 'my-bank' } },
});

export const setMapping = operation({
  id: 'setStatementMapping',
  method: 'put',
  path: '/mappings/:channel',
  summary: 'Say how a channel’s statements are read and compared',
  params: channelPath,
  body: channelMapping,
  answer: { status: 200, description: 'The mapping, with what was not given', schema: mappingView },
  problems: ['not_found'],
  example: {
    params: { channel: 'my-bank' },
    body: {
      file: {
        columns: {
          payment_reference: 'our reference',
          provider_reference: 'payment',
          amount: 'gross',
          fee: 'fee',
          currency: 'currency',
          status: 'status',
          time: 'booked at',
        },
        status_words: { paid: ['settled'], failed: ['declined'], refunded: ['refund'], ignored: ['payout'] },
      },
      rules: { time_zone: 'Europe/Oslo', due_days: 3, fees: [{ currency: 'EUR', rate: '0.009' }] },
    },
  },
});
