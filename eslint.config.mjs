import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', '.data/**', '**/*.js', '**/*.mjs', '**/*.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // Without checkThenables an unawaited knex builder passes, and a write that nobody waits for is lost money.
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'max-lines': ['error', { max: 260, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 75, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    // Time and ids are injected, so that a test owns them; core is the one place that makes them.
    files: ['src/**/*.ts', 'jobs/**/*.ts'],
    ignores: ['src/core/**', 'src/**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'Date', message: 'Take a Clock (src/core/clock.ts) or the database clock.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take an Ids or Jitter from src/core.' },
        { object: 'Date', property: 'now', message: 'Take a Clock (src/core/clock.ts).' },
        { object: 'process', property: 'env', message: 'Only src/config.ts reads the environment.' },
      ],
    },
  },
  {
    // What a payment passes. In Node 20 and 22 a literal that goes on after a spread at its beginning gives every object that
    // it makes hidden classes of its own, one for each property behind it (docs/performance.md).
    files: [
      'src/core/**/*.ts',
      'src/callbacks/{receive-callback,record-events,begin-settlements,meet-orders,judge,plan,settle-payment,settlement-hooks}.ts',
      'src/callbacks/*-store.ts',
      'src/consistency/tcc/{coordinator,moves,log-store}.ts',
      'src/consistency/outbox/{append,own-messages,outbox-store}.ts',
      'src/consistency/{array-text,claims,columns,transaction}.ts',
      'src/balances/{try-holds,end-holds,participant}.ts',
      'src/balances/{movements,holds}-store.ts',
      'src/accounting/{chain,post-vouchers,voucher,voucher-message,vouchers-store}.ts',
      'src/notifications/{announce,begin-attempts,http-client,judge-answer,send-webhook,sign-webhook,trace-attempt}.ts',
      'src/notifications/{attempts,notifications}-store.ts',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ObjectExpression > SpreadElement:first-child ~ Property',
          message: 'Name the properties, or put the spread last: each such object gets hidden classes of its own.',
        },
      ],
    },
  },
  { files: ['src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
  {
    files: ['test/**/*.ts', 'demo/**/*.ts', 'bench/**/*.ts', 'chaos/**/*.ts', 'control/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // An answer of the API is whatever the test then says it expects of it.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
    },
  },
);
