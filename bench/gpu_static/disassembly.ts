/**
 * Reads the machine code and statistics that RADV prints for a compute pipeline (`RADV_DEBUG=shaders,shaderstats`).
 *
 * Instructions are counted by kind, loops are found from backward branches, and the *hot loop* is the innermost loop
 * with the most multiply-adds: in a tile kernel, the multiplications over one slice of the tiles in workgroup memory.
 * The loop around it is a *round*: it also fetches the next tiles.
 *
 * @module
 */

/** Instructions by kind. */
export interface InstructionCounts {
  /** Vector arithmetic and logic, multiply-adds included. */
  vector: number;
  /** Multiply-adds; a packed or dual one counts as one instruction. */
  multiplyAdd: number;
  /** Those of them that multiply and add two pairs of float16, or begin a sum with two products. */
  packed: number;
  /** Other floating-point arithmetic. */
  otherFloat: number;
  /** Comparisons and selects. */
  select: number;
  /** Integer minima and maxima: WGSL's clamped indices. */
  clamp: number;
  /** Other integer arithmetic: addresses. */
  integer: number;
  move: number;
  /** Reciprocals and conversions between integers and floats: integer division. */
  division: number;
  workgroupLoads: number;
  workgroupStores: number;
  /** Loads from buffers by width in bits. */
  loads: Record<string, number>;
  stores: Record<string, number>;
  /** Accesses to spilled registers. */
  scratch: number;
  scalar: number;
  branches: number;
  barriers: number;
}

/** A loop of a program: consecutive basic blocks that end in a branch back to the first. */
export interface Loop {
  readonly first: number;
  readonly last: number;
  readonly depth: number;
  /** Instructions of the loop without those of loops inside it. */
  readonly own: InstructionCounts;
  /** Instructions of the loop and of the loops inside it. */
  readonly all: InstructionCounts;
  readonly children: Loop[];
}

/** What a pipeline was compiled to. */
export interface MachineProgram {
  /** RADV's statistics by name: `VGPRs`, `Spilled VGPRs`, `LDS size`, ... */
  readonly statistics: Readonly<Record<string, number>>;
  readonly total: InstructionCounts;
  /** The innermost loop with the most multiply-adds, and the loop around it. */
  readonly hot?: Loop;
  readonly round?: Loop;
  /** Loads of a round that are waited for before the hot loop starts, so that arithmetic does not hide them. */
  readonly waitedFetches: number;
}

interface Block {
  readonly name: number;
  readonly code: string[];
}

/** The text between the markers `@@begin N` and `@@end N`, by N. */
export function markedSections(log: string): Map<number, string> {
  return new Map(
    [...log.matchAll(/@@begin (\d+)\n([\s\S]*?)@@end \1\n/g)].map(([, number, text]) => [Number(number), text!]),
  );
}

/** Parses what RADV printed for one pipeline; `undefined` where the text has no machine code. */
export function parseMachineProgram(text: string): MachineProgram | undefined {
  const start = text.lastIndexOf("disasm:");
  if (start < 0) return undefined;
  const end = text.indexOf("*** SHADER STATS ***", start);
  const blocks = basicBlocks(text.slice(start, end < 0 ? undefined : end));
  const statistics = Object.fromEntries(
    [...text.slice(end < 0 ? text.length : end).matchAll(/^([A-Z][A-Za-z -]+): (\d+)$/gm)]
      .map(([, name, value]) => [name!, Number(value)]),
  );
  const loops = findLoops(blocks);
  const hot = loops.filter(({ children, all }) => children.length === 0 && all.multiplyAdd > 0)
    .reduce<Loop | undefined>((best, l) => (best && best.all.multiplyAdd >= l.all.multiplyAdd ? best : l), undefined);
  const round = hot && loops.find(({ children }) => children.includes(hot));
  return {
    statistics,
    total: countInstructions(blocks.flatMap(({ code }) => code)),
    ...(hot ? { hot } : {}),
    ...(round ? { round } : {}),
    waitedFetches: hot && round ? waitedFetches(blocks.slice(round.first, hot.first)) : 0,
  };
}

/** Counts of no instructions. */
export function noInstructions(): InstructionCounts {
  return {
    vector: 0,
    multiplyAdd: 0,
    packed: 0,
    otherFloat: 0,
    select: 0,
    clamp: 0,
    integer: 0,
    move: 0,
    division: 0,
    workgroupLoads: 0,
    workgroupStores: 0,
    loads: {},
    stores: {},
    scratch: 0,
    scalar: 0,
    branches: 0,
    barriers: 0,
  };
}

/** Counts instructions, added to `counts`. */
export function countInstructions(
  lines: readonly string[],
  counts: InstructionCounts = noInstructions(),
): InstructionCounts {
  for (const line of lines) {
    const opcode = line.trim().split(/\s+/)[0]!;
    if (opcode.startsWith("v_")) {
      counts.vector++;
      counts[vectorKind(opcode)]++;
      if (PACKED.test(opcode)) counts.packed++;
    } else if (opcode.startsWith("ds_")) {
      counts[/^ds_(load|read)/.test(opcode) ? "workgroupLoads" : "workgroupStores"]++;
    } else if (/^(buffer|global|flat|tbuffer|image)_(load|store)/.test(opcode)) {
      const widths = opcode.includes("_load") ? counts.loads : counts.stores;
      const width = accessWidth(opcode);
      widths[width] = (widths[width] ?? 0) + 1;
    } else if (opcode.startsWith("scratch_")) {
      counts.scratch++;
    } else if (opcode.startsWith("s_barrier")) {
      counts.barriers++;
    } else if (/^s_c?branch/.test(opcode)) {
      counts.branches++;
    } else if (opcode.startsWith("s_") && !opcode.startsWith("s_waitcnt")) {
      counts.scalar++;
    }
  }
  return counts;
}

const PACKED = /^v_pk_(fma|fmac|mad|mul)_f16/;

type VectorKind = "multiplyAdd" | "select" | "division" | "clamp" | "move" | "otherFloat" | "integer";

function vectorKind(opcode: string): VectorKind {
  if (PACKED.test(opcode)) return "multiplyAdd";
  if (
    /^v_(pk_|dual_)?(fma|fmac|mac|mad|dot2)/.test(opcode) && /f32|f16/.test(opcode) && !/u32|i32|u24|i24/.test(opcode)
  ) {
    return "multiplyAdd";
  }
  if (/^v_(cndmask|cmp)/.test(opcode)) return "select";
  if (/^v_(rcp|cvt_f32_u32|cvt_u32_f32|mul_hi)/.test(opcode)) return "division";
  if (/^v_(min|max|med3|min3|max3)_(u|i)/.test(opcode)) return "clamp";
  if (/^v_(mov|swap|readfirstlane|readlane|writelane|accvgpr|permlane|nop)/.test(opcode)) return "move";
  return /_(f32|f16|f64)(_|$)/.test(opcode) ? "otherFloat" : "integer";
}

const WIDTHS: Readonly<Record<string, string>> = {
  dword: "b32",
  dwordx2: "b64",
  dwordx3: "b96",
  dwordx4: "b128",
  ubyte: "b8",
  u8: "b8",
  byte: "b8",
  ushort: "b16",
  u16: "b16",
  short: "b16",
};

function accessWidth(opcode: string): string {
  const suffix = /_(b32|b64|b96|b128|dwordx[234]|dword|ubyte|u8|ushort|u16|short|byte)$/.exec(opcode)?.[1];
  return suffix === undefined ? opcode : WIDTHS[suffix] ?? suffix;
}

function basicBlocks(disassembly: string): Block[] {
  const blocks: Block[] = [];
  for (const raw of disassembly.split("\n")) {
    const line = raw.replace(/\s*;.*$/, "").trimEnd();
    const label = /^BB(\d+):/.exec(line);
    if (label) blocks.push({ name: Number(label[1]), code: [] });
    else if (/^\s+[a-z]/.test(line)) {
      if (blocks.length === 0) blocks.push({ name: 0, code: [] });
      blocks.at(-1)!.code.push(line);
    }
  }
  return blocks;
}

/** Loops by first block, outer loops before the loops inside them. */
function findLoops(blocks: readonly Block[]): Loop[] {
  const position = new Map(blocks.map(({ name }, at) => [name, at]));
  const ends = new Map<number, number>();
  blocks.forEach(({ code }, at) => {
    for (const line of code) {
      const target = position.get(Number(/s_c?branch\S*\s+BB(\d+)/.exec(line)?.[1]));
      if (target !== undefined && target <= at) ends.set(target, Math.max(ends.get(target) ?? at, at));
    }
  });
  const spans = [...ends].sort(([a, aEnd], [b, bEnd]) => a - b || bEnd - aEnd);
  const loops: Loop[] = [];
  const open: Loop[] = [];
  for (const [first, last] of spans) {
    while (open.length > 0 && open.at(-1)!.last < last) open.pop();
    const loop = { first, last, depth: open.length, own: noInstructions(), all: noInstructions(), children: [] };
    open.at(-1)?.children.push(loop);
    open.push(loop);
    loops.push(loop);
  }
  blocks.forEach(({ code }, at) => {
    const around = loops.filter(({ first, last }) => first <= at && at <= last);
    for (const loop of around) countInstructions(code, loop.all);
    const innermost = around.reduce<Loop | undefined>(
      (best, l) => (best && best.depth >= l.depth ? best : l),
      undefined,
    );
    if (innermost) countInstructions(code, innermost.own);
  });
  return loops;
}

/** Counts the vector loads in these blocks that complete at an `s_waitcnt vmcnt(0)`. */
function waitedFetches(blocks: readonly Block[]): number {
  let waited = 0;
  let pending = 0;
  for (const line of blocks.flatMap(({ code }) => code)) {
    if (/^\s*(buffer|global)_load/.test(line)) pending++;
    if (/s_waitcnt/.test(line) && /vmcnt\(0\)/.test(line)) {
      waited += pending;
      pending = 0;
    }
  }
  return waited;
}
