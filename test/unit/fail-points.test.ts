import { CRASH_CASES, deathsOf } from '../support/fail-points/crash-cases';
import { EXEMPT_POINTS, WAYS_OUT } from '../support/fail-points/exempt-points';
import { type PointsInCode, readPointsInCode } from '../support/fail-points/points-in-code';

/** A step that is new in the code and has neither a crash test nor a reason fails here; so does one that is gone. */
describe('the fail points that the code has', () => {
  let inCode: PointsInCode;
  const deaths = deathsOf(CRASH_CASES);
  const exempt = Object.values(EXEMPT_POINTS).flat();

  beforeAll(() => {
    inCode = readPointsInCode();
  }, 180_000);

  it('are those that a process is killed at, and those that are exempt for a reason', () => {
    const known = [...new Set(deaths.map(({ point }) => point)), ...exempt];
    expect(known.sort()).toEqual([...inCode.points.keys()].sort());
  });

  it('each have a death before them and a death after them', () => {
    for (const { point } of deaths) {
      const sides = deaths.filter((one) => one.point === point).map(({ side }) => side);
      expect([point, sides.sort()]).toEqual([point, ['after', 'before']]);
    }
  });

  it('have names that no other step has', () => {
    const transactions = [...inCode.points].filter(([point]) => /^(orders|accounts|points|accounting) /.test(point));
    expect(transactions.filter(([, places]) => places.length > 1)).toEqual([]);
    expect(new Set(exempt).size).toBe(exempt.length);
  });

  it('are behind boundaries through which alone a process reaches outside', () => {
    expect([...inCode.waysOut.keys()].sort()).toEqual(Object.keys(WAYS_OUT).sort());
  });
});
