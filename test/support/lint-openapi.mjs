/**
 * Lints the OpenAPI document on standard input and prints a JSON list of what is wrong. A process of its own, because the
 * linter is an ES module, which jest cannot load into a CommonJS project.
 */
import { createConfig, lintFromString } from '@redocly/openapi-core';

/** Redocly's recommended rules, warnings as errors, and three more: examples that contradict their schemas. */
const RULES = {
  // It takes /orders/by-number/{number} and /orders/{order_id}/close for ambiguous, but every id begins with its type.
  'no-ambiguous-paths': 'off',
  'no-invalid-media-type-examples': 'error',
  'no-invalid-parameter-examples': 'error',
  'no-invalid-schema-examples': 'error',
};

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
const source = Buffer.concat(chunks).toString();
const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config });
const shown = problems.map(({ ruleId, message, location }) => `${ruleId} at ${location[0]?.pointer}: ${message}`);
process.stdout.write(JSON.stringify(shown));
