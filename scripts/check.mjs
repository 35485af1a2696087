/** The static checks, side by side; each prints what it has to say when it ends. Fails where one of them does. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ['src', 'jobs', 'db', 'demo', 'test', 'bench', 'chaos', 'control', 'knexfile.ts'];
const CHECKS = [
  ['eslint', '.'],
  ['tsc', '--noEmit'],
  ['prettier', '--check', '--log-level', 'warn', '.'],
  ['depcruise', ...FOLDERS],
];

function run([tool, ...args]) {
  const child = spawn(join(root, 'node_modules', '.bin', tool), args, {
    cwd: root,
    shell: process.platform === 'win32',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ tool, ok: false, output: error.message }));
    child.once('close', (code) => resolve({ tool, ok: code === 0, output }));
  });
}

const checks = CHECKS.map(async (check) => {
  const { tool, ok, output } = await run(check);
  process.stdout.write(`${tool}: ${ok ? 'ok' : 'FAILED'}\n${ok ? '' : output}`);
  return ok;
});
const results = await Promise.all(checks);
process.exitCode = results.every(Boolean) ? 0 : 1;
