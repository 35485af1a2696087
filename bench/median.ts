/** Of an even number, the mean of the two in the middle; 0 of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}

/** @param sorted ascending @returns the value below or at which so large a share of them lies; 0 of none */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** The usual quantiles of numbers in any order. */
export function quantilesOf(numbers: readonly number[]): { readonly p50: number; readonly p99: number } {
  const sorted = Float64Array.from(numbers).sort();
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}
