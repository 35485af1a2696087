import type { Cast } from './cast';
import type { Screen } from './screen';

export interface Ticker {
  /** One more order has had its story. */
  onStory(): void;
  /** What is waited for, instead of the counts. */
  note(text: string): void;
  stop(): void;
}

const EVERY_MS = 500;

/** Shows how far it is, all the time. */
export function startTicker(screen: Screen, cast: Cast, orders: number): Ticker {
  let over = 0;
  let noted = '';
  let busy = false;
  let stopped = false;
  const tick = async (): Promise<void> => {
    const [bank, merchants] = await Promise.all([
      cast.bank.call('counts', undefined),
      cast.merchants.call('counts', undefined),
    ]);
    if (stopped) return;
    const progress =
      noted === ''
        ? `${over}/${orders} orders | callbacks: ${bank.acknowledged} acknowledged, ${bank.refused} refused, ` +
          `${bank.tryAgain} try again, ${bank.unreachable} nobody there`
        : noted;
    screen.status(`         ${progress} | merchants told of ${merchants.told}`);
  };
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    // A cast that is going away cannot be counted; who waits for it hears why.
    tick()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, EVERY_MS);
  return {
    onStory: () => {
      over += 1;
    },
    note: (text) => {
      noted = text;
    },
    stop: () => {
      stopped = true;
      clearInterval(timer);
      screen.clear();
    },
  };
}
