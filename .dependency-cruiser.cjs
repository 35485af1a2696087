'use strict';

/**
 * Who may import whom. Each rule has the reason for which somebody would want to break it and may not.
 *
 * A concept is a folder of src/ that is about one thing of the domain. What one concept needs from another it takes as
 * a function in its factory's dependencies, and src/wiring.ts puts them together.
 */
const CONCEPTS = [
  'accounting',
  'balances',
  'callbacks',
  'channels',
  'incidents',
  'merchants',
  'notifications',
  'open-work',
  'operator-actions',
  'orders',
  'reconciliation',
  'retention',
  'sub-ledgers',
  'terms',
  'timeline',
];
/** Types and pure functions that concepts share as their language. */
const CONTRACTS = [
  '^src/channels/channel\\.ts$',
  '^src/incidents/incident\\.ts$',
  '^src/notifications/notify\\.ts$',
  '^src/accounting/voucher-message\\.ts$',
];
const EDGE = '/(routes|[a-z-]*schemas|[a-z-]*operations|show-[a-z-]+)\\.ts$';
const OURS = '^(src|jobs|db|demo|bench|chaos|control|test)/';

/** The audit recomputes the books' chain as the books do; a second way of computing it could not tell who is wrong. */
const ALSO = { audit: ['^src/accounting/(verify-chain|chart)\\.ts$'] };

const concept = (name) => ({
  name: `${name}-keeps-to-itself`,
  comment:
    'A concept imports core, consistency, itself and the shared contracts; the rest comes through its factories.',
  severity: 'error',
  from: { path: `^src/${name}/`, pathNot: EDGE },
  to: { path: OURS, pathNot: ['^src/(core|consistency)/', `^src/${name}/`, ...CONTRACTS, ...(ALSO[name] ?? [])] },
});
const conceptEdge = (name) => ({
  name: `${name}-edge-keeps-to-itself`,
  comment: 'Routes, their schemas and what they show may use the common parts of HTTP besides.',
  severity: 'error',
  from: { path: `^src/${name}/.*${EDGE}` },
  to: { path: OURS, pathNot: ['^src/(core|consistency|http)/', `^src/${name}/`, ...CONTRACTS] },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one concept in two rooms.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: OURS, pathNot: '^src/core/' },
    },
    {
      name: 'consistency-knows-no-payments',
      comment: 'The strategies are about rows, leases and participants; who uses them for what is not theirs to know.',
      severity: 'error',
      from: { path: '^src/consistency/' },
      to: { path: OURS, pathNot: '^src/(core|consistency)/' },
    },
    ...CONCEPTS.flatMap((name) => [concept(name), conceptEdge(name)]),
    {
      name: 'audit-looks-from-outside',
      comment:
        'The audit reads what is stored and trusts no code that wrote it. Of the books it takes the chart, which is part ' +
        'of what the data means, and of books and operators’ actions the verification of their chains.',
      severity: 'error',
      from: { path: '^src/audit/' },
      to: {
        path: OURS,
        pathNot: [
          '^src/(core|consistency|audit)/',
          '^src/accounting/(chart|verify-chain)\\.ts$',
          '^src/operator-actions/verify-actions\\.ts$',
        ],
      },
    },
    {
      name: 'http-knows-no-concept',
      severity: 'error',
      from: { path: '^src/http/' },
      to: { path: OURS, pathNot: '^src/(core|consistency|http)/' },
    },
    {
      name: 'database-knows-no-concept',
      severity: 'error',
      from: { path: '^src/database/' },
      to: { path: OURS, pathNot: '^src/(core|consistency|database)/|^src/(config|config-variables|data-dir)\\.ts$' },
    },
    {
      name: 'telemetry-knows-no-concept',
      severity: 'error',
      from: { path: '^src/telemetry/' },
      to: { path: OURS, pathNot: '^src/(core|consistency|telemetry)/' },
    },
    {
      name: 'recording-of-traces-in-one-place',
      comment: 'Parts begin spans through the API; whether anything records them is not theirs to know.',
      severity: 'error',
      from: { pathNot: '^src/telemetry/|^test/' },
      to: { path: 'node_modules/@opentelemetry/(?!api/)' },
    },
    {
      name: 'one-composition-root',
      comment: 'Whoever needs a part takes it as a dependency.',
      severity: 'error',
      from: { pathNot: '^src/(main|cli|wiring|wire-[a-z-]+)\\.ts$|^(test|bench)/' },
      to: { path: '^src/(wiring|wire-[a-z-]+)\\.ts$' },
    },
    {
      name: 'express-at-the-edge',
      severity: 'error',
      from: { path: '^(src|jobs|demo)/', pathNot: '^src/http/|/routes\\.ts$|^src/(wiring|wire-[a-z-]+)\\.ts$|^demo/' },
      to: { path: 'node_modules/(@types/)?express/' },
    },
    {
      name: 'queues-at-the-edge',
      comment: 'The queue is disposable: what depends on it could not be.',
      severity: 'error',
      from: { path: '^(src|db|demo)/', pathNot: '^src/(wiring|wire-[a-z-]+)\\.ts$|^src/consistency/outbox/' },
      to: { path: 'node_modules/(bullmq|ioredis)/' },
    },
    {
      name: 'databases-through-transactions',
      comment: 'Statements go through Queryable and Tx, which name them, prepare them and tell an outage from a bug.',
      severity: 'error',
      from: { path: '^(src|jobs)/', pathNot: '^src/(database/|consistency/transaction\\.ts$)|^jobs/' },
      to: { path: 'node_modules/(@types/)?(knex|pg)/' },
    },
    {
      name: 'no-tests-in-the-service',
      severity: 'error',
      from: { path: '^(src|jobs|db|demo)/' },
      to: { path: '^(test|bench|chaos|control)/' },
    },
    {
      name: 'no-development-dependency-in-the-service',
      severity: 'error',
      from: { path: '^(src|jobs|db)/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'nothing-undeclared',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    { name: 'nothing-missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports is dead, or is loaded by its place: migrations, entry points, tests.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: '^db/migrations/|^src/cli\\.ts$|^demo/|^test/|^bench/|^chaos/|^control/|\\.d\\.ts$',
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
