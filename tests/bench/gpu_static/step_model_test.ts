import assert from "node:assert/strict";
import { type Card, CARDS, peakFlops } from "../../../bench/gpu_static/cards.ts";
import { type Loop, type MachineProgram, noInstructions } from "../../../bench/gpu_static/disassembly.ts";
import { nvidiaWarps, rdnaWaves } from "../../../bench/gpu_static/occupancy.ts";
import { modelDispatch, type StaticDispatch } from "../../../bench/gpu_static/step_model.ts";

const CARD: Card = {
  multiprocessors: 10,
  multiplyAddLanes: 64,
  packedLanes: 64,
  issueLanes: 64,
  gigahertz: 1,
  bandwidth: 1e12,
};

function loop(counts: Partial<Loop["own"]>): Loop {
  const own = { ...noInstructions(), ...counts };
  return { first: 0, last: 0, depth: 0, own, all: own, children: [] };
}

function program(options: { vector: number; multiplyAdd: number; packed?: number }): MachineProgram {
  const hot = loop(options);
  return { statistics: { VGPRs: 24 }, total: hot.all, hot, round: loop({}), waitedFetches: 0 };
}

const TILE: StaticDispatch = {
  kernel: "matmul/gpu-64x64",
  op: "matmul",
  shape: "",
  workgroups: 20,
  threads: 256,
  flops: 2 * 20 * 64 * 64 * 160,
  bytes: 1000,
  tile: { rows: 64, columns: 64, depth: 160, steps: 4 },
  pipeline: 0,
};
const LAUNCH = 5e-6;

Deno.test("a tile kernel whose instructions are all multiply-adds runs at 95 % of the peak", () => {
  const modelled = modelDispatch(TILE, program({ vector: 256, multiplyAdd: 256 }), CARD);
  assert.equal(modelled.bound, "compute");
  assert.equal(modelled.padding, 1);
  assert.equal(modelled.fill, 1);
  assert.ok(Math.abs(modelled.seconds - LAUNCH - TILE.flops / peakFlops(CARD) / 0.95) < 1e-12);
});

Deno.test("other instructions, padded tiles and idle multiprocessors each cost their share", () => {
  const whole = program({ vector: 256, multiplyAdd: 256 });
  const compute = (dispatch: StaticDispatch, of: MachineProgram) => modelDispatch(dispatch, of, CARD).seconds - LAUNCH;
  const best = compute(TILE, whole);
  const near = (value: number, factor: number) => assert.ok(Math.abs(value / best - factor) < 1e-9, `${value / best}`);
  near(compute(TILE, program({ vector: 512, multiplyAdd: 256 })), 2);
  // A depth of 150 takes as many slices of 16 as one of 160.
  near(
    compute({ ...TILE, flops: TILE.flops * 150 / 160, tile: { rows: 64, columns: 64, depth: 150, steps: 4 } }, whole),
    1,
  );
  // 11 workgroups on 10 multiprocessors take two rounds, as 20 do.
  near(compute({ ...TILE, workgroups: 11, flops: TILE.flops * 11 / 20 }, whole), 1);
});

Deno.test("a card with fewer multiply-add lanes than issue slots hides the other instructions", () => {
  const busy = program({ vector: 512, multiplyAdd: 256 });
  const half: Card = { ...CARD, multiplyAddLanes: 32 };
  assert.ok(Math.abs(modelDispatch(TILE, busy, half).efficiency - 0.95) < 1e-12);
  assert.ok(Math.abs(modelDispatch(TILE, busy, CARD).efficiency - 0.475) < 1e-12);
});

Deno.test("packed multiply-adds do two products each, where a card executes them as fast", () => {
  const half = program({ vector: 256, multiplyAdd: 256, packed: 240 });
  const slow: Card = { ...CARD, packedLanes: 32 };
  assert.ok(Math.abs(modelDispatch(TILE, half, CARD).efficiency - 0.95 * 480 / 256) < 1e-12);
  assert.ok(Math.abs(modelDispatch(TILE, half, slow).efficiency - 0.95 * 480 / (2 * 240 + 16)) < 1e-12);
});

Deno.test("a round of more steps spreads its fetches over more multiply-adds", () => {
  const fetching = { ...program({ vector: 100, multiplyAdd: 100 }), round: loop({ vector: 100 }) };
  const steps = (steps: number) =>
    modelDispatch({ ...TILE, tile: { ...TILE.tile!, steps } }, fetching, CARD).efficiency;
  assert.ok(Math.abs(steps(1) - 0.95 / 2) < 1e-12);
  assert.ok(Math.abs(steps(4) - 0.95 * 4 / 5) < 1e-12);
});

Deno.test("kernels without tiles are bound by memory, or by their launch where they move little", () => {
  const stream = {
    kernel: "pointwise/add",
    op: "add",
    shape: "",
    workgroups: 1000,
    threads: 64,
    flops: 10,
    pipeline: 0,
  };
  const simple = program({ vector: 8, multiplyAdd: 1 });
  const large = modelDispatch({ ...stream, bytes: 1e9 }, simple, CARD);
  assert.equal(large.bound, "memory");
  assert.ok(Math.abs(large.seconds - 1e-3 - LAUNCH) < 1e-12);
  assert.equal(modelDispatch({ ...stream, bytes: 1e3 }, simple, CARD).bound, "launch");
});

Deno.test("registers and workgroup memory bound the waves of a multiprocessor", () => {
  const using = (statistics: Record<string, number>) => ({ ...program({ vector: 1, multiplyAdd: 1 }), statistics });
  assert.equal(rdnaWaves(using({ VGPRs: 32 }), 64), 16);
  assert.equal(rdnaWaves(using({ VGPRs: 128 }), 64), 4);
  assert.equal(rdnaWaves(using({ VGPRs: 16, "LDS size": 65_536 }), 256), 2);
  assert.equal(nvidiaWarps(using({ VGPRs: 24 }), 256), 64);
  assert.equal(nvidiaWarps(using({ VGPRs: 24, "LDS size": 49_152 }), 128), 8);
  assert.equal(nvidiaWarps(using({ VGPRs: 120 }), 128), 16);
});

Deno.test("the peak of an H100 is that of its data sheet", () => {
  assert.ok(Math.abs(peakFlops(CARDS.h100) / 1e12 - 66.9) < 0.1);
  assert.ok(Math.abs(peakFlops(CARDS.a100) / 1e12 - 19.5) < 0.1);
});
