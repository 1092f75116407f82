/**
 * The categorical likelihood, its gradient and its mode against float64.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Profile } from "../../../runtime/kernels/kernel.ts";
import {
  lowerCategoricalGradient,
  lowerCategoricalMode,
  lowerCategoricalNll,
  type Sequences,
} from "../../../runtime/kernels/categorical/categorical.ts";
import { categoricalGradient, categoricalMode, categoricalRows } from "../../reference/categorical.ts";
import { assertClose, normalData, uniformStream } from "../../reference/compare.ts";
import { runLowering } from "../run_lowering.ts";

const PROFILES: readonly Profile[] = ["software", "gpu"];

const CASES: readonly (Sequences & { lengths: readonly number[] })[] = [
  { samples: 1, positions: 1, words: 1, lengths: [1] },
  { samples: 1, positions: 1, words: 4, lengths: [0] },
  { samples: 3, positions: 5, words: 7, lengths: [5, 1, 3] },
  { samples: 2, positions: 9, words: 131, lengths: [9, 100] },
  { samples: 4, positions: 8, words: 64, lengths: [8, 2, 0, 5] },
  { samples: 1, positions: 2, words: 70_003, lengths: [2] },
];

function batchOf({ samples, positions, words }: Sequences, deviation = 4) {
  const next = uniformStream(samples + positions + words);
  return {
    logits: normalData(samples * positions * words, { seed: 1, deviation }),
    tokens: Uint32Array.from({ length: samples * positions }, () => Math.floor(next() * words)),
    g: normalData(samples * positions, { seed: 2 }),
  };
}

for (const profile of PROFILES) {
  Deno.test(`categorical_nll, ${profile}: -log p of each position, and zero for padding`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    for (const { lengths, ...sizes } of CASES) {
      const { logits, tokens } = batchOf(sizes);
      const rows = sizes.samples * sizes.positions;
      const want = categoricalRows(logits, { ...sizes, tokens, lengths });
      const { outputs } = await runLowering(device, lowerCategoricalNll({ ...sizes, target }), {
        inputs: [logits, tokens, Uint32Array.from(lengths)],
        outputs: [rows, rows],
      });
      assertClose(outputs[0]!, want.nll, { label: `nll of ${JSON.stringify(sizes)}` });
      assertClose(outputs[1]!, want.normalizers, { label: `log-sum-exp of ${JSON.stringify(sizes)}` });
    }
  });

  Deno.test(`categorical_nll, ${profile}: huge logits do not overflow, and padding is not read`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    for (const words of [3, 4]) {
      const at = (...values: number[]) => Array.from({ length: words }, (_, i) => values[i] ?? values.at(-1)!);
      const logits = Float32Array.from([at(3e4, -3e4), at(-1e30, 1e30), at(-Infinity, 0), at(NaN)].flat());
      const sizes = { samples: 1, positions: 4, words };
      const { outputs: [nll] } = await runLowering(device, lowerCategoricalNll({ ...sizes, target }), {
        inputs: [logits, Uint32Array.of(0, 1, words - 1, 9), Uint32Array.of(3)],
        outputs: [4, 4],
      });
      assertClose(nll!, [0, Math.log(words - 1), Math.log(words - 1), 0], { label: `${words} words` });
    }
  });

  Deno.test(`categorical_nll, ${profile}: a token that is no word gives NaN`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    const { outputs: [nll] } = await runLowering(
      device,
      lowerCategoricalNll({ samples: 1, positions: 2, words: 5, target }),
      { inputs: [new Float32Array(10), Uint32Array.of(5, 1), Uint32Array.of(2)], outputs: [2, 2] },
    );
    assert.ok(Number.isNaN(nll![0]));
    assertClose(nll!.subarray(1), [Math.log(5)], { label: "the next position" });
  });

  Deno.test(`categorical_nll, ${profile}: more rows than one dimension of a grid`, async () => {
    using device = await Device.open();
    const target = { ...device.target, profile };
    const sizes = { samples: 66_001, positions: profile === "gpu" ? 1 : 9, words: 2 };
    const rows = sizes.samples * sizes.positions;
    const { logits, tokens } = batchOf(sizes);
    const lengths = new Uint32Array(sizes.samples).fill(sizes.positions);
    const { outputs } = await runLowering(device, lowerCategoricalNll({ ...sizes, target }), {
      inputs: [logits, tokens, lengths],
      outputs: [rows, rows],
    });
    assertClose(outputs[0]!, categoricalRows(logits, { ...sizes, tokens, lengths }).nll, { label: "nll" });
  });
}

Deno.test("categorical_gradient: probabilities minus the token, times the gradient, and zero for padding", async () => {
  using device = await Device.open();
  const large = { samples: 3, positions: 700, words: 2_003, lengths: [700, 1, 650] };
  for (const { lengths, ...sizes } of [...CASES, large]) {
    const { logits, tokens, g } = batchOf(sizes);
    const { normalizers } = categoricalRows(logits, { ...sizes, tokens, lengths });
    const { outputs } = await runLowering(device, lowerCategoricalGradient(sizes), {
      inputs: [logits, tokens, Uint32Array.from(lengths), Float32Array.from(normalizers), g],
      outputs: [logits.length],
    });
    const want = categoricalGradient(logits, { ...sizes, tokens, lengths, g });
    assertClose(outputs[0]!, want, { label: JSON.stringify(sizes) });
  }
});

Deno.test("categorical_mode: the first largest logit of each row", async () => {
  using device = await Device.open();
  for (const [rows, words] of [[1, 1], [3, 5], [7, 64], [2, 1_001], [66_001, 3]] as const) {
    // Few levels, so that there are ties; NaN is never the mode of a row that has a number first.
    const logits = normalData(rows * words, { seed: 3 }).map((x) => Math.round(2 * x));
    const { outputs } = await runLowering(device, lowerCategoricalMode({ rows, words }), {
      inputs: [logits],
      outputs: [rows],
    });
    assert.deepEqual([...outputs[0]!], categoricalMode(logits, { words }), `${rows} x ${words}`);
  }
});
