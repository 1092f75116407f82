import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import { tensor } from "../../../runtime/graph/leaf.ts";
import { categoricalMode, categoricalNll } from "../../../runtime/ops/categorical.ts";
import { zeros } from "../../../runtime/ops/fill.ts";
import { read } from "../../../runtime/program/eager.ts";
import * as reference from "../../reference/categorical.ts";
import { checkOp, numbers } from "../gradient_check.ts";

Deno.test("categoricalNll() sums -log p before each length, and its gradient matches central differences", async () => {
  using device = await Device.open();
  for (const [shape, lengths] of [[[3, 4, 5], [4, 1, 0]], [[2, 1, 6, 8], [3, 6]], [[1, 1, 1], [1]]] as const) {
    const [samples, words] = [shape[0], shape.at(-1)!];
    const positions = shape.at(-2)!;
    const size = samples * positions * words;
    const tokens = Array.from({ length: samples * positions }, (_, i) => (3 * i + 1) % words);
    await checkOp(device, {
      name: `categoricalNll [${shape}]`,
      op: ([logits, given, ends]) => categoricalNll(logits!, given!, { lengths: ends! }),
      oracle: ([logits]) => reference.categoricalNll(logits!, { positions, words, tokens, lengths }),
      inputs: [
        { shape: [...shape], data: numbers(size, { seed: 5, low: -3, high: 3 }) },
        { shape: [samples, positions], data: tokens, dtype: "u32" },
        { shape: [samples], data: [...lengths], dtype: "u32" },
      ],
    });
  }
});

Deno.test("categoricalNll() names the argument that does not fit", () => {
  const words = (shape: number[]) =>
    tensor(new Array(shape.reduce((a, b) => a * b, 1)).fill(0), { shape, dtype: "u32" });
  const fit = { logits: zeros([2, 3, 4]), tokens: words([2, 3]), lengths: words([2]) };
  const call = (change: Partial<typeof fit>) => () => {
    const { logits, tokens, lengths } = { ...fit, ...change };
    categoricalNll(logits, tokens, { lengths });
  };
  call({})();
  assert.throws(call({ logits: zeros([2, 3, 2, 2]) }), /needs logits .* got \[2, 3, 2, 2\]/);
  assert.throws(call({ tokens: words([3, 2]) }), /needs tokens of u32 \[2, 3\], got u32 \[3, 2\]/);
  assert.throws(call({ tokens: zeros([2, 3]) }), /needs tokens of u32 \[2, 3\], got f32 \[2, 3\]/);
  assert.throws(call({ lengths: words([3]) }), /needs lengths of u32 \[2\], got u32 \[3\]/);
  assert.throws(() => categoricalMode(zeros([])), /got a scalar/);
});

Deno.test("categoricalMode() takes the first of equal logits", async () => {
  using device = await Device.open();
  const logits = tensor([1, 3, 3, 0, -1, -2, 5, 5, 5], { shape: [3, 3] });
  assert.deepEqual([...await read(categoricalMode(logits), { device })], [1, 0, 0]);
});
