/**
 * The static memory plan: assigns each tensor a place in a few arena buffers before anything is allocated.
 *
 * Two tensors may share memory if they are never alive at the same time. Finding the smallest arena is NP-hard
 * (dynamic storage allocation); placing the largest tensors first, each at the lowest offset that is free for its
 * whole life, comes within a few per cent of the lower bound (the peak number of live bytes) on training graphs.
 *
 * @module
 */

/** Alignment of tensors in bytes: WebGPU's default alignment of storage bindings. */
export const ALIGNMENT = 256;

/** A tensor's live range: from command `first` to command `last`, inclusive. */
export interface Interval {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** The place of a tensor. */
export interface Placement {
  readonly arena: number;
  readonly offset: number;
}

/** A plan for all intervals, in their order. */
export interface MemoryPlan {
  readonly placements: readonly Placement[];
  /** Size of each arena in bytes. */
  readonly arenas: readonly number[];
  /** Bytes of all arenas together. */
  readonly peakBytes: number;
  /** The peak number of live bytes: a lower bound of any plan. */
  readonly lowerBoundBytes: number;
  /** Bytes needed without sharing memory. */
  readonly unsharedBytes: number;
}

/**
 * Plans memory.
 *
 * @param options.maxArenaBytes Largest buffer; further arenas are opened beyond it.
 * @throws {RangeError} for a tensor that fits in no buffer.
 */
export function planMemory(intervals: readonly Interval[], options: { maxArenaBytes: number }): MemoryPlan {
  const limit = options.maxArenaBytes;
  const placements: Placement[] = new Array(intervals.length);
  const placed: { offset: number; end: number; first: number; last: number }[][] = [];
  const order = intervals.map((_, i) => i).sort((a, b) => {
    const [p, q] = [intervals[a]!, intervals[b]!];
    return q.bytes - p.bytes || p.first - q.first || a - b;
  });
  for (const i of order) {
    const { bytes, first, last } = intervals[i]!;
    const size = aligned(bytes);
    if (size > limit) {
      throw new RangeError(`a tensor of ${size} bytes exceeds the largest buffer of this adapter, ${limit} bytes`);
    }
    for (let arena = 0;; arena++) {
      const neighbours = placed[arena] ??= [];
      const alive = neighbours.filter((other) => other.first <= last && first <= other.last);
      const offset = lowestGap(alive, size);
      if (offset + size > limit) continue;
      placements[i] = { arena, offset };
      neighbours.push({ offset, end: offset + size, first, last });
      neighbours.sort((a, b) => a.offset - b.offset);
      break;
    }
  }
  const arenas = placed.map((tensors) => Math.max(0, ...tensors.map((tensor) => tensor.end)));
  return {
    placements,
    arenas,
    peakBytes: arenas.reduce((total, bytes) => total + bytes, 0),
    lowerBoundBytes: mostAlive(intervals),
    unsharedBytes: intervals.reduce((total, { bytes }) => total + aligned(bytes), 0),
  };
}

function aligned(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
}

/** The lowest offset with `size` free bytes among tensors sorted by offset. */
function lowestGap(alive: readonly { offset: number; end: number }[], size: number): number {
  let offset = 0;
  for (const other of alive) {
    if (other.offset - offset >= size) return offset;
    offset = Math.max(offset, other.end);
  }
  return offset;
}

function mostAlive(intervals: readonly Interval[]): number {
  const events = intervals.flatMap(({ bytes, first, last }) => [
    { at: first, change: aligned(bytes) },
    { at: last + 1, change: -aligned(bytes) },
  ]);
  // At equal times, releases come before allocations.
  events.sort((a, b) => a.at - b.at || a.change - b.change);
  let alive = 0;
  let most = 0;
  for (const { change } of events) {
    alive += change;
    most = Math.max(most, alive);
  }
  return most;
}
