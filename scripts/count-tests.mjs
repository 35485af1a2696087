/** Prints `N passed, N failed` from jest's JSON; a test file that could not run counts as a failed test. */
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const passed = results.numPassedTests;
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
for (const file of results.testResults.filter(({ status }) => status === 'failed'))
  process.stdout.write(`${file.message}\n`);
if (results.numPendingTests > 0) process.stdout.write(`${results.numPendingTests} skipped\n`);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
