import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../src/database/embedded/processes';
import { type ServiceProcess, runCommand, startServiceProcess } from '../support/process';

let folder: string;
let env: Record<string, string>;
let services: ServiceProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quittance-service-'));
  chmodSync(folder, 0o711);
  env = { QUITTANCE_DATA_DIR: join(folder, 'data') };
});

afterEach(async () => {
  for (const service of services) if (service.child.exitCode === null) await service.end('SIGTERM');
  services = [];
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<ServiceProcess> {
  const service = await startServiceProcess({ env });
  services.push(service);
  return service;
}

const file = (name: string): string => join(folder, 'data', name);

describe('the service without any configuration', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('stops at %s with 0, and its database with it', async (signal) => {
    const service = await start();
    expect(service.output()).toContain(`Quittance listens on ${service.url}`);
    expect(JSON.parse(readFileSync(file('service.json'), 'utf8'))).toEqual({
      url: service.url,
      pid: service.child.pid,
    });
    const server = Number(readFileSync(file('postgres/postmaster.pid'), 'utf8').split('\n')[0]);
    await expect(service.end(signal)).resolves.toBe(0);
    expect(identify(server)).toBeUndefined();
    expect(existsSync(file('service.json'))).toBe(false);
  });

  it('starts again after kill -9', async () => {
    const first = await start();
    await expect(first.end('SIGKILL')).resolves.toBe('SIGKILL');
    const second = await start();
    await expect(second.end('SIGTERM')).resolves.toBe(0);
  });

  it('takes one and the same Ctrl-C twice, as npm sends it, for one', async () => {
    const service = await start();
    service.child.kill('SIGINT');
    await expect(service.end('SIGINT')).resolves.toBe(0);
  });

  it('refuses a second start on the same data in one line', async () => {
    const service = await start();
    const second = runCommand(['start'], { env: { ...env, PORT: '0' } });
    await expect(second.ended()).resolves.toBe(1);
    expect(second.output()).toBe(
      `another process (pid ${service.child.pid ?? 0}) is using the data in ${folder}/data; stop it first, or set QUITTANCE_DATA_DIR\n`,
    );
  });

  it('refuses a port that is taken in one line, and leaves nothing running', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        resolve((taken.address() as { port: number }).port);
      });
    });
    const refused = runCommand(['start'], { env: { ...env, PORT: String(port), LOG_LEVEL: 'silent' } });
    await expect(refused.ended()).resolves.toBe(1);
    expect(refused.output()).toBe(
      `port ${port} of 127.0.0.1 is taken; stop what listens there, or set PORT (0 takes a free one)\n`,
    );
    expect(existsSync(file('postgres/postmaster.pid'))).toBe(false);
    taken.close();
  });

  it('is found by the command line through its data folder', async () => {
    await start();
    const refused = runCommand(['merchants', 'show', 'no-such-id'], { env });
    await expect(refused.ended()).resolves.toBe(1);
    expect(refused.output()).toMatch(/^(invalid_request|not_found): [^\n]+\n$/);
    const migrated = runCommand(['migrate'], { env });
    await expect(migrated.ended()).resolves.toBe(0);
    expect(migrated.output()).toContain('orders: up to date');
  });
});

describe('the command line', () => {
  it('has help for every verb', async () => {
    const help = runCommand(['--help']);
    await help.ended();
    const verbs = [...help.output().matchAll(/^ {2}([a-z-]+)(?: \[options\])? {2,}/gm)].flatMap(
      ([, name]) => name ?? [],
    );
    expect(verbs).toEqual(
      expect.arrayContaining(['start', 'migrate', 'audit', 'demo', 'merchants', 'channels', 'orders']),
    );
    for (const verb of verbs.slice(0, 4)) {
      const one = runCommand([verb, '--help']);
      await expect(one.ended()).resolves.toBe(0);
      expect(one.output()).toContain(`Usage: quittance ${verb}`);
    }
  });

  it('says a wrong variable in one line per variable and ends with 1', async () => {
    const wrong = runCommand(['start'], { env: { ...env, PORT: 'x' } });
    await expect(wrong.ended()).resolves.toBe(1);
    expect(wrong.output()).toBe('PORT is "x"; expected a whole number from 0 to 65535\n');
  });
});
