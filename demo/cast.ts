import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BankCalls } from './bank-calls';
import { type Peer, talkTo } from './ipc';
import type { MerchantCalls } from './merchant-calls';
import { type ServiceChild, startActor, startService, stopOrphanedDatabase } from './processes';

/** Everybody on the stage: the service, the bank and the merchants, each a process of its own. */
export interface Cast {
  readonly bank: Peer<BankCalls>;
  readonly merchants: Peer<MerchantCalls>;
  readonly dataDir: string;
  /** Where the service is, once it is ready. */
  ready(): Promise<{ readonly url: string; readonly operatorToken: string }>;
  /** Kills the service as a power cut would, and starts it again on the same data and port. */
  pullThePlug(darkMs: number): Promise<void>;
  /** Lets the service run on after the demo; gives its process id. */
  leaveService(): number | undefined;
  /** Ends everybody and removes the data, unless the service was left running. Closing twice is the same as once. */
  close(): Promise<void>;
}

/** @param onDeath told in a sentence where a process ends although nobody has ended it */
export function assembleCast(onDeath: (sentence: string) => void): Cast {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-demo-'));
  // As root the embedded server runs as another user, who must be able to pass through to its data.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
  const dataDir = join(folder, 'data');
  const start = (port: number): ServiceChild =>
    startService({ dataDir, logFile: join(folder, 'service.log'), port }, onDeath);
  let service = start(0);
  let left = false;
  let closing: Promise<void> | undefined;
  const bank = startActor('bank', onDeath);
  const merchant = startActor('merchant', onDeath);

  const isClosing = (): boolean => closing !== undefined;
  const close = async (): Promise<void> => {
    await Promise.all([bank.end('SIGTERM'), merchant.end('SIGTERM')]);
    if (left) return;
    await service.end('SIGTERM');
    const home = await stopOrphanedDatabase(dataDir);
    for (const path of [folder, ...(home === undefined ? [] : [home])]) rmSync(path, { recursive: true, force: true });
  };
  return {
    bank: talkTo<BankCalls>(bank.process),
    merchants: talkTo<MerchantCalls>(merchant.process),
    dataDir,
    ready: () => service.ready,
    pullThePlug: async (darkMs) => {
      const { url } = await service.ready;
      if (isClosing()) return;
      await service.end('SIGKILL');
      await wait(darkMs);
      if (isClosing()) return;
      service = start(Number(new URL(url).port));
      await service.ready;
    },
    leaveService: () => {
      left = true;
      service.process.send('stay');
      service.process.unref();
      return service.process.pid;
    },
    close: () => (closing ??= close()),
  };
}
