/**
 * The static plan of the texture that dispatches read texels from: where each operand is placed, and which operands
 * are there already.
 *
 * Consecutive dispatches often share an operand: an output gradient is read for the gradients of both the inputs and
 * the weights. Operands that are read again unchanged are kept as long as there is room, and as little as possible is
 * evicted.
 *
 * @module
 */

/** A piece of memory that dispatches read or write. */
export interface MemoryRange {
  /** The buffer: its number in the program, or itself. */
  readonly buffer: unknown;
  readonly offset: number;
  readonly bytes: number;
}

/** The texture reads and writes of a dispatch. */
export interface TexelUse {
  /** The operands that it reads as texels, and the rows of the texture that each needs. */
  readonly reads: readonly (MemoryRange & { readonly rows: number })[];
  /** Memory that it writes, which invalidates texels of later dispatches. */
  readonly writes: readonly MemoryRange[];
}

/** The place of an operand in the texture. */
export interface TexelPlacement {
  readonly row: number;
  /** False if it is there already. */
  readonly copied: boolean;
}

interface Resident {
  readonly range: MemoryRange;
  readonly row: number;
  readonly rows: number;
  /** The dispatch that reads it again. */
  readonly next: number;
}

/**
 * Places the operands of dispatches, in order, in a texture with as many rows as the largest dispatch needs.
 *
 * @returns The placements of each dispatch's reads, and the texture's rows.
 */
export function planTexels(uses: readonly TexelUse[]): { rows: number; placements: readonly TexelPlacement[][] } {
  const capacity = Math.max(0, ...uses.map(({ reads }) => reads.reduce((total, { rows }) => total + rows, 0)));
  const next = nextReads(uses);
  let residents: Resident[] = [];
  const placements = uses.map(({ reads }, at) => {
    const found = reads.map((range) => residents.find((resident) => sameRange(resident.range, range))?.row);
    // If the free space is too fragmented, all operands are placed anew.
    const rows = place(reads, { found, residents, capacity }) ?? packed(reads);
    const taken = reads.map((range, i) => ({ range, row: rows[i]!, rows: range.rows, next: next[at]![i] ?? 0 }));
    residents = [
      ...residents.filter((resident) =>
        resident.next > at && !taken.some((other) => overlapInTexture(resident, other))
      ),
      ...taken.filter((resident) => resident.next > at),
    ];
    return rows.map((row, i): TexelPlacement => ({ row, copied: row !== found[i] }));
  });
  return { rows: capacity, placements };
}

/** For each read, the next dispatch that reads the same memory before it is written. */
function nextReads(uses: readonly TexelUse[]): (number | undefined)[][] {
  let upcoming: { range: MemoryRange; at: number }[] = [];
  const next: (number | undefined)[][] = [];
  for (let at = uses.length - 1; at >= 0; at--) {
    const { reads, writes } = uses[at]!;
    upcoming = upcoming.filter(({ range }) => !writes.some((written) => overlapInMemory(written, range)));
    next[at] = reads.map((range) => upcoming.find((each) => sameRange(each.range, range))?.at);
    upcoming = upcoming.filter(({ range }) => !reads.some((read) => sameRange(read, range)));
    upcoming.push(...reads.map((range) => ({ range, at })));
  }
  return next;
}

/** Rows for the reads of one dispatch, given those in `found`; undefined if the others do not fit between them. */
function place(
  reads: TexelUse["reads"],
  options: { found: readonly (number | undefined)[]; residents: readonly Resident[]; capacity: number },
): number[] | undefined {
  const { found, residents, capacity } = options;
  const taken: { row: number; rows: number }[] = [];
  const result: number[] = [];
  reads.forEach(({ rows }, i) => {
    const row = found[i];
    if (row === undefined) return;
    taken.push({ row, rows });
    result[i] = row;
  });
  // Larger operands first: smaller ones fit between them.
  const open = reads.map((_, i) => i).filter((i) => found[i] === undefined).sort((a, b) =>
    reads[b]!.rows - reads[a]!.rows
  );
  for (const i of open) {
    const { rows } = reads[i]!;
    const edges = [...taken, ...residents].flatMap((other) => [other.row + other.rows, other.row - rows]);
    const places = [...new Set([0, capacity - rows, ...edges])].sort((a, b) => a - b).filter((row) =>
      row >= 0 && row + rows <= capacity && !taken.some((other) => overlapInTexture({ row, rows }, other))
    );
    const lost = (row: number) =>
      residents.reduce((total, other) => total + (overlapInTexture({ row, rows }, other) ? other.rows : 0), 0);
    const [first, ...others] = places;
    if (first === undefined) return undefined;
    const best = others.reduce((a, b) => (lost(b) < lost(a) ? b : a), first);
    taken.push({ row: best, rows });
    result[i] = best;
  }
  return result;
}

/** One after the other. */
function packed(reads: TexelUse["reads"]): number[] {
  let row = 0;
  return reads.map(({ rows }) => (row += rows) - rows);
}

function sameRange(a: MemoryRange, b: MemoryRange): boolean {
  return a.buffer === b.buffer && a.offset === b.offset && a.bytes === b.bytes;
}

function overlapInMemory(a: MemoryRange, b: MemoryRange): boolean {
  return a.buffer === b.buffer && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

function overlapInTexture(a: { row: number; rows: number }, b: { row: number; rows: number }): boolean {
  return a.row < b.row + b.rows && b.row < a.row + a.rows;
}
