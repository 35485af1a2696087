import type { Behaviour } from './world';

export type Misbehaviour = 'answered 500' | 'answered 200 without "success"' | 'hung up';

export interface Mood {
  readonly delayMs: number;
  readonly misbehaviour: Misbehaviour | undefined;
}

export interface Temper {
  /** How a merchant's server takes the next request. */
  (merchant: string): Mood;
  meet(merchant: string, behaviour: Behaviour): void;
}

const LUNCH_MS = 4_000;

/** The tempers of the merchants' servers. Nobody ever answers 410, which would end the notifications for good. */
export function createTemper(): Temper {
  const behaviours = new Map<string, Behaviour>();
  const firstCall = new Map<string, number>();
  const next = (merchant: string): Mood => {
    const behaviour = behaviours.get(merchant) ?? 'steady';
    const calm = { delayMs: 0, misbehaviour: undefined };
    const now = Date.now();
    const since = firstCall.get(merchant) ?? now;
    firstCall.set(merchant, since);
    switch (behaviour) {
      case 'steady':
        return calm;
      case 'slow':
        return { ...calm, delayMs: 200 + Math.random() * 1_000 };
      case 'moody':
        return Math.random() < 0.25 ? { ...calm, misbehaviour: 'answered 500' } : calm;
      case 'wordy':
        return Math.random() < 0.2 ? { ...calm, misbehaviour: 'answered 200 without "success"' } : calm;
      case 'at_lunch':
        return now - since < LUNCH_MS ? { ...calm, misbehaviour: 'hung up' } : calm;
      case 'gone_fishing':
        return { ...calm, misbehaviour: 'answered 500' };
    }
  };
  return Object.assign(next, {
    meet: (merchant: string, behaviour: Behaviour) => {
      behaviours.set(merchant, behaviour);
    },
  });
}
