'use strict';

const { statSync } = require('node:fs');
const { default: Sequencer } = require('@jest/test-sequencer');

/** It takes longer than any other, so that begun last it would run alone in the end. */
const FIRST = '/test/faults/crash-points.test.ts';

/**
 * One order for every run: largest files first, as jest has it where it knows no times. By the times of an earlier run it would begin
 * with all the heavy suites together, which then wait for each other until they time out.
 */
module.exports = class extends Sequencer {
  sort(tests) {
    const sizes = new Map(tests.map(({ path }) => [path, path.endsWith(FIRST) ? Infinity : statSync(path).size]));
    return [...tests].sort((a, b) => sizes.get(b.path) - sizes.get(a.path) || a.path.localeCompare(b.path));
  }
};
