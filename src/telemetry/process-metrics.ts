import { Gauge, type Registry, collectDefaultMetrics } from 'prom-client';
import { readVersion } from './version';

/** The process itself: CPU, memory, event loop, garbage collection, and which build it is. */
export function createProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: 'quittance_build_info',
    help: 'Always 1; the labels say which build runs',
    labelNames: ['version', 'node'],
    registers: [registry],
  });
  build.set({ version: readVersion(), node: process.version }, 1);
}
