import { CRASH_CASES, type CrashCase, deathsOf, nameOfCase, needsQueue } from '../support/fail-points/crash-cases';
import { type CompiledService, compileService } from '../support/fail-points/compiled-service';
import { type CrashLane, startCrashLane } from '../support/fail-points/crash-lane';
import { EXEMPT_POINTS } from '../support/fail-points/exempt-points';

/**
 * A real process is killed with SIGKILL exactly before and exactly after every step, under a list of payments; the next one
 * recovers. That the list of steps is whole is proven in test/unit/fail-points.test.ts.
 */
const LANES = { own: 5, queued: 1 };

describe('killed at every step', () => {
  let service: CompiledService;
  const lanes: CrashLane[] = [];
  const failures = new Map<CrashCase, unknown>();

  beforeAll(async () => {
    service = compileService();
    const walk = async (left: CrashCase[], queueEverything: boolean): Promise<void> => {
      const lane = await startCrashLane(service.entry, queueEverything);
      lanes.push(lane);
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const one = next;
        await lane.run(one).catch((error: unknown) => failures.set(one, error));
      }
    };
    const queued = CRASH_CASES.filter(needsQueue);
    const own = CRASH_CASES.filter((one) => !needsQueue(one));
    await Promise.all([
      ...Array.from({ length: LANES.own }, () => walk(own, false)),
      ...Array.from({ length: LANES.queued }, () => walk(queued, true)),
    ]);
  }, 1_200_000);

  afterAll(async () => {
    await Promise.all(lanes.map((lane) => lane.close()));
    service.remove();
  });

  it.each(CRASH_CASES.map((one) => [nameOfCase(one), one] as const))('%s', (_, one) => {
    if (failures.has(one)) throw failures.get(one);
  });

  it('and nowhere else do its processes write or call', () => {
    const known = new Set([...deathsOf(CRASH_CASES).map(({ point }) => point), ...Object.values(EXEMPT_POINTS).flat()]);
    const seen = lanes.map((lane) => lane.seen());
    expect(seen.flatMap(({ passed }) => [...passed]).filter((point) => !known.has(point))).toEqual([]);
    expect(seen.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});
