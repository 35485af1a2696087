/**
 * Whether what several processes saw can be explained by some order of their operations, each happening at one moment
 * between its call and its answer (linearizability, Herlihy and Wing 1990), that ends in the state that was found.
 */
export interface Operation<State> {
  /** For the report. */
  readonly name: string;
  readonly called: number;
  readonly answered: number;
  readonly answer: string;
  /** Changes the state and returns the answer of the model. */
  apply(state: State): string;
}

/** @returns the names in an order that explains everything, or undefined where there is none */
export function explain<State>(
  operations: readonly Operation<State>[],
  beginning: State,
  isEnd: (state: State) => boolean,
): string[] | undefined {
  const seen = new Set<string>();
  const search = (left: readonly Operation<State>[], state: State): string[] | undefined => {
    if (left.length === 0) return isEnd(state) ? [] : undefined;
    const place = `${left.map((one) => operations.indexOf(one)).join(',')} ${JSON.stringify(state)}`;
    if (seen.has(place)) return undefined;
    seen.add(place);
    const firstAnswer = Math.min(...left.map((one) => one.answered));
    for (const next of left.filter((one) => one.called <= firstAnswer)) {
      const after = structuredClone(state);
      if (next.apply(after) !== next.answer) continue;
      const rest = search(
        left.filter((one) => one !== next),
        after,
      );
      if (rest !== undefined) return [`${next.name}: ${next.answer}`, ...rest];
    }
    return undefined;
  };
  return search(operations, beginning);
}
