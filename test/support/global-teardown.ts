import { rmSync } from 'node:fs';
import type { TestServer } from './global-setup';

export default async function globalTeardown(): Promise<void> {
  const { testServer } = globalThis as { testServer?: TestServer };
  if (testServer === undefined) return;
  await testServer.server.stop();
  rmSync(testServer.folder, { recursive: true, force: true });
}
