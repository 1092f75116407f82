/**
 * Divides the time of `deno task bench gpu` among its parts.
 *
 * @module
 */

/**
 * The seconds that a part may take: its own, and as much again of what earlier parts have left unused. Later parts keep
 * theirs.
 *
 * @param options.left Seconds until the whole must end.
 * @param options.later Seconds that the parts after it may take.
 * @returns 0 where no time is left.
 */
export function limitOf(own: number, options: { left: number; later: number; isLast?: boolean }): number {
  const { left, later, isLast = false } = options;
  const spare = left - later - own;
  if (isLast) return Math.max(0, left);
  return Math.max(0, Math.min(left, own + Math.min(own, Math.max(0, spare))));
}
