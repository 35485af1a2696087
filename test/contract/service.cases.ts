import type { ContractCase } from './contract-case';

const open = (operation: string, path: string): ContractCase[] => [
  { operation, about: 'at any time', status: 200, call: async (world) => world.http.get(path) },
  { operation, about: 'with a NUL', status: 400, call: async (world) => world.http.get(`${path}?a=%00`) },
];

export const cases: readonly ContractCase[] = [
  ...open('getHealth', '/healthz'),
  ...open('getReadiness', '/readyz'),
  ...open('getApiDocument', '/openapi.json'),
];
