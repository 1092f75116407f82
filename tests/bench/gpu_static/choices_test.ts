import assert from "node:assert/strict";
import { choiceLosses, choiceTable, QuestionCollector, type StaticChoice } from "../../../bench/gpu_static/choices.ts";
import { noInstructions } from "../../../bench/gpu_static/disassembly.ts";
import type { StaticDispatch } from "../../../bench/gpu_static/step_model.ts";
import { gridFor, reads, writes } from "../../../runtime/kernels/kernel.ts";

const KERNELS = [{
  kernel: "copy",
  threads: 64,
  program: { statistics: { VGPRs: 24 }, total: noInstructions(), waitedFetches: 0 },
}];

/** A dispatch that streams so many bytes over enough lanes to fill every card. */
function stream(bytes: number): StaticDispatch {
  return { kernel: "copy", op: "", shape: "", workgroups: 10_000, threads: 64, flops: 0, bytes, pipeline: 0 };
}

function choice(times: number, variants: readonly (readonly [name: string, cost: number, bytes: number])[]) {
  return {
    family: "matmul",
    key: JSON.stringify({ m: 8, n: 4, k: 2 }),
    times,
    variants: variants.map(([name, cost, bytes]) => ({ name, cost, dispatches: [stream(bytes)] })),
  } satisfies StaticChoice;
}

Deno.test("choiceLosses() compares the variants with the least estimates with the fastest by the model", () => {
  const right = choice(3, [["a", 1, 3e9], ["b", 2, 6e9]]);
  const wrong = choice(1, [["a", 2, 3e9], ["b", 1, 6e9]]);
  for (const { total, worst } of choiceLosses([right, wrong], KERNELS)) {
    assert.ok(Math.abs(worst - 2) < 0.01, `${worst}`);
    assert.ok(Math.abs(total - 5 / 4) < 0.01, `${total}`);
  }
});

Deno.test("choiceTable() lists the choices that lose most time first", () => {
  const right = choice(3, [["a", 1, 3e9], ["b", 2, 6e9]]);
  const wrong = choice(1, [["c", 2, 3e9], ["d", 1, 6e9]]);
  const [, first, second] = choiceTable([right, wrong], { kernels: KERNELS, card: "h100" }).split("\n");
  assert.match(first!, /matmul +8 x 4 x 2 +1 +d +\d+ +c +\d+ +2\.00/);
  assert.match(second!, /matmul +8 x 4 x 2 +3 +a +\d+ +a +\d+ +1\.00/);
});

Deno.test("QuestionCollector counts equal works, and lowers the variants that have an estimate", () => {
  const collector = new QuestionCollector();
  const lower = () => ({
    scratch: [10],
    dispatches: [{
      kernel: "copy",
      code: "fn kernel(group: u32, lane: u32) { y_put(lane, x_at(lane)); }",
      operands: { x: reads({ input: 0 }, "f32"), y: writes({ scratch: 0 }, "f32") },
      grid: gridFor(7),
    }],
  });
  const candidates = {
    variants: [{ name: "copy", cost: 1, lower }, { name: "unknown", cost: Infinity, lower }],
    inputs: [5],
    outputs: [],
  };
  collector.choose({ family: "matmul", key: "{}" }, candidates);
  collector.choose({ family: "matmul", key: "{}" }, candidates);
  const kernels: string[] = [];
  const choices = collector.choices(({ kernel }) => kernels.push(kernel) - 1);
  assert.deepEqual(kernels, ["copy"]);
  assert.equal(choices.length, 1);
  assert.equal(choices[0]!.times, 2);
  assert.deepEqual(choices[0]!.variants.map(({ name }) => name), ["copy"]);
  const { workgroups, threads, bytes, pipeline } = choices[0]!.variants[0]!.dispatches[0]!;
  assert.deepEqual({ workgroups, threads, bytes, pipeline }, { workgroups: 7, threads: 64, bytes: 60, pipeline: 0 });
});
