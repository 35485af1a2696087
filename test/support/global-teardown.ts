import type { TemporaryPostgres } from './temporary-postgres';

export default async function globalTeardown(): Promise<void> {
  const { testServer } = globalThis as { testServer?: TemporaryPostgres };
  await testServer?.close();
}
