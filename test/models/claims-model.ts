/**
 * What claiming durable work is, without a database: a row is due or leased, and carries the token of its last claim. A
 * lease that has run out lets another claim it; only the last token writes a result.
 */
export interface ModelRow {
  readonly id: string;
  status: 'due' | 'done';
  isDue: boolean;
  token: string | null;
}
export interface ClaimsState {
  rows: ModelRow[];
}

/** A claim may leave rows to others that are claiming just now, so the model is told which ones it took. */
export function claim(state: ClaimsState, token: string, taken: readonly string[], limit: number): string {
  const rows = state.rows.filter((row) => taken.includes(row.id));
  const areDue = rows.every((row) => row.status === 'due' && row.isDue);
  if (!areDue || rows.length > limit || rows.length !== taken.length) return 'impossible';
  for (const row of rows) {
    row.isDue = false;
    row.token = token;
  }
  return taken.join();
}

/** Every lease runs out. */
export function lapse(state: ClaimsState): string {
  for (const row of state.rows) if (row.status === 'due') row.isDue = true;
  return '';
}

/** @returns which of the rows were this token's still */
export function finish(state: ClaimsState, token: string, ids: readonly string[]): string {
  const mine = state.rows.filter((row) => ids.includes(row.id) && row.status === 'due' && row.token === token);
  for (const row of mine) row.status = 'done';
  return mine.map((row) => row.id).join();
}

export function putBack(state: ClaimsState, token: string, ids: readonly string[]): string {
  const mine = state.rows.filter((row) => ids.includes(row.id) && row.status === 'due' && row.token === token);
  for (const row of mine) {
    row.isDue = false;
    row.token = null;
  }
  return mine.map((row) => row.id).join();
}
