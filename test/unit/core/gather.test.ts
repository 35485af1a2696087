import fc from 'fast-check';
import { Overloaded, Unavailable } from '../../../src/core/errors';
import { gather } from '../../../src/core/gather';

/** A step whose runs end when the test says so. */
function heldStep(): {
  readonly runs: (readonly number[])[];
  readonly run: (items: readonly number[]) => Promise<readonly number[]>;
  readonly release: () => Promise<void>;
} {
  const runs: (readonly number[])[] = [];
  let waiting: (() => void)[] = [];
  return {
    runs,
    run: async (items) => {
      runs.push(items);
      await new Promise<void>((resolve) => waiting.push(resolve));
      return items.map((item) => item * 10);
    },
    release: async () => {
      const now = waiting;
      waiting = [];
      for (const resolve of now) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const OPTIONS = { step: 'test step', cap: 100, room: 1000 };
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one item runs at once, and what arrives meanwhile is the next list', async () => {
  const step = heldStep();
  const submit = gather(step.run, OPTIONS);
  const first = submit(1);
  await settled();
  const others = [2, 3, 4].map(submit);
  expect(step.runs).toEqual([[1]]);
  expect(submit.load()).toBe(4);
  await step.release();
  expect(await first).toBe(10);
  expect(step.runs).toEqual([[1], [2, 3, 4]]);
  await step.release();
  expect(await Promise.all(others)).toEqual([20, 30, 40]);
  expect(submit.load()).toBe(0);
});

test('with a pause, what arrives within it is one list; a full list does not wait', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
  try {
    const step = heldStep();
    const submit = gather(step.run, { ...OPTIONS, cap: 3, pauseMs: 20 });
    const early = submit(1);
    await settled();
    jest.advanceTimersByTime(19);
    const late = submit(2);
    await settled();
    expect(step.runs).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(step.runs).toEqual([[1, 2]]);
    // While a list runs the next gathers without a pause.
    const next = submit(3);
    await step.release();
    expect(step.runs).toEqual([[1, 2], [3]]);
    await step.release();
    expect(await Promise.all([early, late, next])).toEqual([10, 20, 30]);
    const full = [4, 5, 6].map(submit);
    await settled();
    expect(step.runs.at(-1)).toEqual([4, 5, 6]);
    await step.release();
    await Promise.all(full);
    jest.advanceTimersByTime(20);
    expect(step.runs).toHaveLength(3);
  } finally {
    jest.useRealTimers();
  }
});

test('callers of one tick form one list, up to the cap', async () => {
  const sizes: number[] = [];
  const submit = gather((items: readonly number[]) => Promise.resolve(items), {
    ...OPTIONS,
    cap: 4,
    observer: () => (size) => sizes.push(size),
  });
  const items = Array.from({ length: 10 }, (_, at) => at);
  expect(await Promise.all(items.map(submit))).toEqual(items);
  expect(sizes).toEqual([4, 4, 2]);
});

test('who observes is told of every run, of those that fail too, and may ask for the load', async () => {
  const runs: [number, boolean][] = [];
  let load = (): number => -1;
  const submit = gather(
    (items: readonly number[]) =>
      items.includes(3) ? Promise.reject(new Error('poisoned')) : Promise.resolve(items.map((item) => item * 10)),
    {
      ...OPTIONS,
      observer: (step, loadOf) => {
        expect(step).toBe('test step');
        load = loadOf;
        return (size, tookMs, failed) => {
          expect(tookMs).toBeGreaterThanOrEqual(0);
          runs.push([size, failed]);
        };
      },
    },
  );
  const answers = Promise.allSettled([1, 2, 3].map(submit));
  expect(load()).toBe(3);
  expect((await answers).map((answer) => answer.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect(runs).toEqual([
    [3, true],
    [2, false],
    [1, true],
  ]);
  await settled();
  expect(load()).toBe(0);
});

test('no more runs than lanes are in flight', async () => {
  const step = heldStep();
  const submit = gather(step.run, { ...OPTIONS, cap: 2, lanes: 2 });
  const answers = Promise.all([1, 2, 3, 4, 5, 6, 7].map(submit));
  await settled();
  expect(step.runs).toEqual([
    [1, 2],
    [3, 4],
  ]);
  for (let round = 0; round < 3; round += 1) await step.release();
  expect(await answers).toEqual([10, 20, 30, 40, 50, 60, 70]);
});

test('an item too many is refused at once', async () => {
  const step = heldStep();
  const submit = gather(step.run, { ...OPTIONS, cap: 1, room: 2 });
  const first = submit(1);
  await settled();
  const waiting = [submit(2), submit(3)];
  await expect(submit(4)).rejects.toBeInstanceOf(Overloaded);
  for (let round = 0; round < 3; round += 1) await step.release();
  expect(await Promise.all([first, ...waiting])).toEqual([10, 20, 30]);
});

test('a poisoned item hurts nobody else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(63), { maxLength: 10 }),
      fc.integer({ min: 1, max: 64 }),
      async (poison, cap) => {
        const submit = gather(
          (items: readonly number[]) =>
            items.some((item) => poison.includes(item))
              ? Promise.reject(new Error('poisoned'))
              : Promise.resolve(items.map((item) => item * 10)),
          { ...OPTIONS, cap },
        );
        const items = Array.from({ length: 64 }, (_, at) => at);
        const outcomes = await Promise.allSettled(items.map(submit));
        outcomes.forEach((outcome, item) => {
          if (poison.includes(item)) expect(outcome.status).toBe('rejected');
          else expect(outcome).toEqual({ status: 'fulfilled', value: item * 10 });
        });
      },
    ),
  );
});

test('an outage rejects the whole list without trying each', async () => {
  let runs = 0;
  const submit = gather(() => {
    runs += 1;
    return Promise.reject(new Unavailable('database', new Error('gone')));
  }, OPTIONS);
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map(submit));
  expect(outcomes.every((outcome) => outcome.status === 'rejected')).toBe(true);
  expect(runs).toBe(1);
});

test('a step that throws instead of rejecting, or answers too few, is a failure like any other', async () => {
  const throwing = gather((): Promise<readonly number[]> => {
    throw new Error('at once');
  }, OPTIONS);
  await expect(throwing(1)).rejects.toThrow('at once');
  await expect(throwing(2)).rejects.toThrow('at once');
  const short = gather((items: readonly number[]) => Promise.resolve(items.slice(1)), OPTIONS);
  await expect(Promise.all([short(1), short(2)])).rejects.toThrow('test step answered');
});

test('it goes on after it was idle', async () => {
  const submit = gather((items: readonly number[]) => Promise.resolve(items), OPTIONS);
  for (let item = 0; item < 50; item += 1) expect(await submit(item)).toBe(item);
});
