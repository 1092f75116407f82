import assert from "node:assert/strict";
import { countInstructions, markedSections, parseMachineProgram } from "../../../bench/gpu_static/disassembly.ts";

/** A miniature tile kernel: a round loads twice, waits for one of the loads, and multiplies in an inner loop. */
const KERNEL = `
disasm:
BB0:
	s_load_dwordx4 s[0:3], s[2:3], 0x0                         ; f4080001 fa000000
	v_mov_b32_e32 v0, 0
BB1:
	buffer_load_dwordx4 v[4:7], v1, s[0:3], 0 offen
	s_waitcnt vmcnt(0)
	ds_write_b128 v2, v[4:7]
	buffer_load_dword v8, v1, s[0:3], 0 offen
	v_add_nc_u32_e32 v1, 16, v1
	s_barrier
BB2:
	ds_read_b128 v[10:13], v2
	v_fmac_f32_e32 v0, v10, v11
	v_fmac_f32_e32 v0, v12, v13
	v_pk_fma_f16 v3, v10, v11, v3
	v_min_u32_e32 v2, 64, v2
	s_add_i32 s4, s4, 1
	s_cbranch_scc1 BB2
BB3:
	v_cndmask_b32_e32 v8, 0, v8, vcc
	s_cbranch_scc1 BB1
BB4:
	buffer_store_dword v0, v1, s[0:3], 0 offen
	s_endpgm
*** SHADER STATS ***
SGPRs: 16
VGPRs: 24
Spilled VGPRs: 3
LDS size: 4608
Code size: 200
`;

Deno.test("parseMachineProgram() finds the loop that multiplies and the round around it", () => {
  const program = parseMachineProgram(KERNEL)!;
  assert.deepEqual(
    { first: program.hot!.first, last: program.hot!.last, depth: program.hot!.depth },
    { first: 2, last: 2, depth: 1 },
  );
  assert.deepEqual({ first: program.round!.first, last: program.round!.last }, { first: 1, last: 3 });
  const { own } = program.hot!;
  assert.equal(own.multiplyAdd, 3);
  assert.equal(own.clamp, 1);
  assert.equal(own.vector, 4);
  assert.equal(own.workgroupLoads, 1);
  assert.equal(program.round!.own.multiplyAdd, 0);
  assert.equal(program.round!.own.select, 1);
  assert.deepEqual(program.round!.own.loads, { b128: 1, b32: 1 });
  assert.equal(program.round!.all.vector, program.round!.own.vector + own.vector);
});

Deno.test("parseMachineProgram() counts only the fetches that are complete before the multiplications", () => {
  assert.equal(parseMachineProgram(KERNEL)!.waitedFetches, 1);
  assert.equal(parseMachineProgram(KERNEL.replace("s_waitcnt vmcnt(0)", "s_waitcnt lgkmcnt(0)"))!.waitedFetches, 0);
});

Deno.test("parseMachineProgram() reads the driver's statistics", () => {
  assert.deepEqual(parseMachineProgram(KERNEL)!.statistics, {
    SGPRs: 16,
    VGPRs: 24,
    "Spilled VGPRs": 3,
    "LDS size": 4608,
    "Code size": 200,
  });
});

Deno.test("parseMachineProgram() returns nothing for a log without machine code, and no loop if there is none", () => {
  assert.equal(parseMachineProgram("radv: warning"), undefined);
  const straight = parseMachineProgram("disasm:\nBB0:\n\tv_fma_f32 v0, v1, v2, v0\n\ts_endpgm\n")!;
  assert.equal(straight.hot, undefined);
  assert.equal(straight.total.multiplyAdd, 1);
  assert.equal(straight.waitedFetches, 0);
});

Deno.test("countInstructions() distinguishes kinds of vector instructions", () => {
  const counts = countInstructions([
    "v_mad_u32_u24 v0, v1, v2, v3",
    "v_rcp_f32_e32 v0, v1",
    "v_mul_f32_e32 v0, v1, v2",
    "v_lshlrev_b32_e32 v0, 2, v1",
    "v_cmp_gt_u32_e32 vcc, v0, v1",
    "v_readfirstlane_b32 s0, v0",
    "v_fma_mix_f32 v0, v1, v2, v3",
    "v_pk_fma_f16 v0, v1, v2, v0",
    "v_pk_mul_f16 v0, v1, v2",
    "scratch_store_dword v0, off, s0",
  ]);
  const { integer, division, otherFloat, select, move, multiplyAdd, packed, scratch, vector } = counts;
  assert.deepEqual(
    { integer, division, otherFloat, select, move, multiplyAdd, packed, scratch, vector },
    { integer: 2, division: 1, otherFloat: 1, select: 1, move: 1, multiplyAdd: 3, packed: 2, scratch: 1, vector: 9 },
  );
});

Deno.test("markedSections() keeps the text of each pipeline apart", () => {
  const log = "noise\n@@begin 0\na\n@@end 0\nnoise\n@@begin 11\nb\nc\n@@end 11\n@@begin 12\ncut off";
  assert.deepEqual([...markedSections(log)], [[0, "a\n"], [11, "b\nc\n"]]);
});
