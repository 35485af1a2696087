import { optimizeSooner } from '../../src/optimize-sooner';

it.each([
  ['11.3.244.8-node.30', ['--interrupt-budget=5000']],
  ['12.4.254.21-node.33', []],
  ['13.6.233.10-node.28', []],
])('sets the flag in the V8 that knows it: %s', (version, flags) => {
  const set: string[] = [];
  optimizeSooner(version, (flag) => set.push(flag));
  expect(set).toEqual(flags);
});
