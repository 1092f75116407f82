/**
 * The latent kernels against golden values.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Device } from "../../../runtime/device/device.ts";
import type { Lowering, Target } from "../../../runtime/kernels/kernel.ts";
import {
  lowerKl,
  lowerKlBackward,
  lowerKlPair,
  lowerKlPairBackward,
  lowerMmvmKl,
  lowerMmvmKlBackward,
} from "../../../runtime/kernels/latent/latent.ts";
import {
  type AggregateMethod,
  lowerAggregate,
  lowerAggregateBackward,
} from "../../../runtime/kernels/latent/latent_aggregate.ts";
import { decodeSafetensors, toFloat32 } from "../../../runtime/files/safetensors.ts";
import { assertClose } from "../../reference/compare.ts";
import { type Data, runLowering } from "../run_lowering.ts";

interface GoldenCase {
  readonly id: string;
  readonly op: string;
  readonly attrs: { readonly alpha?: number; readonly method?: AggregateMethod };
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
  readonly grad_outputs: readonly string[];
  readonly grad_inputs: Readonly<Record<string, string>>;
}

/** The two kernels of a case and what to bind to them. */
interface Kernels {
  readonly forward: Lowering;
  readonly backward: Lowering;
  readonly inputs: readonly Data[];
  readonly outputs: readonly number[];
  /** Cotangents of the backward kernel, by default the case's. */
  readonly cotangents?: readonly Data[];
  /** Which of the kernel's outputs the case's are; all by default. */
  readonly pick?: readonly number[];
}

function kernelsOf(
  { op, attrs }: GoldenCase,
  context: {
    target: Target;
    values: (name: string) => Float32Array;
    shape: readonly number[];
    cotangents: Float32Array[];
  },
): Kernels | undefined {
  const { target, values, shape, cotangents } = context;
  const [views = 0, samples = 0] = shape;
  const width = shape.at(-1)!;
  const many = { views, samples, width, target };
  const rows = { rows: views, width, target };
  const noGradient = new Float32Array(views);
  switch (op) {
    case "reparameterize":
      return {
        forward: lowerKl({ ...rows, sample: true }),
        backward: lowerKlBackward({ ...rows, sample: true }),
        inputs: [values("mu"), values("logvar"), values("eps")],
        outputs: [views * width, views],
        cotangents: [...cotangents, noGradient],
        pick: [0],
      };
    case "kl_standard_normal":
      return {
        forward: lowerKl({ ...rows, sample: false }),
        backward: lowerKlBackward({ ...rows, sample: false }),
        inputs: [values("mu"), values("logvar")],
        outputs: [views],
      };
    case "kl_diagonal_normals":
      return {
        forward: lowerKlPair(rows),
        backward: lowerKlPairBackward(rows),
        inputs: ["mu0", "logvar0", "mu1", "logvar1"].map(values),
        outputs: [views],
      };
    case "mmvm_kl":
      return {
        forward: lowerMmvmKl(many),
        backward: lowerMmvmKlBackward(many),
        inputs: [values("mu"), values("logvar"), Float32Array.of(attrs.alpha!)],
        outputs: [samples],
      };
    case "aggregate":
      return {
        forward: lowerAggregate({ ...many, method: attrs.method! }),
        backward: lowerAggregateBackward({ ...many, method: attrs.method! }),
        inputs: [values("mu"), values("logvar")],
        outputs: [samples * width, samples * width],
      };
    default:
      return undefined;
  }
}

Deno.test("latent kernels reproduce the golden values and gradients", async () => {
  using device = await Device.open();
  const { tensors, metadata } = decodeSafetensors(
    await Deno.readFile(new URL("../../golden/ops.safetensors", import.meta.url)),
  );
  const read = (name: string) => toFloat32(tensors.get(name)!);
  let checked = 0;
  for (const golden of JSON.parse(metadata.get("cases")!) as GoldenCase[]) {
    const shape = tensors.get(Object.values(golden.inputs)[0]!)!.shape;
    for (const profile of ["software", "gpu"] as const) {
      const target: Target = { ...device.target, profile };
      const cotangents = golden.grad_outputs.map(read);
      const values = (name: string) => read(golden.inputs[name]!);
      const kernels = kernelsOf(golden, { target, values, shape, cotangents });
      if (!kernels) continue;
      const { inputs } = kernels;
      const forward = await runLowering(device, kernels.forward, { inputs, outputs: kernels.outputs });
      const picked = kernels.pick ?? forward.outputs.map((_, i) => i);
      picked.forEach((at, i) => {
        assertClose(forward.outputs[at]!, read(golden.outputs[i]!), { label: `${golden.id}, output ${i}` });
      });
      const wanted = ["mu", "logvar", "mu0", "logvar0", "logvar1"].filter((name) => name in golden.grad_inputs);
      const backward = await runLowering(device, kernels.backward, {
        inputs: [...inputs, ...(kernels.cotangents ?? cotangents)],
        outputs: wanted.map((name) => read(golden.grad_inputs[name]!).length),
      });
      wanted.forEach((name, i) => {
        assertClose(backward.outputs[i]!, read(golden.grad_inputs[name]!), {
          label: `${golden.id}, gradient of ${name}`,
        });
      });
      if (golden.op === "kl_diagonal_normals") {
        const mu1 = backward.outputs[0]!.map((value) => -value);
        assertClose(mu1, read(golden.grad_inputs.mu1!), { label: `${golden.id}, gradient of mu1` });
      }
      checked++;
    }
  }
  assert.equal(checked, 2 * 20, "both profiles of cases 049 to 068");
});
