/**
 * Our side of the race: the peers' step and the papers' steps by `VaeTrainer`, as `deno task train` does them, and a matrix product.
 *
 * @module
 */
import { type HostTensor, VaeTrainer } from "../../models/mod.ts";
import { compile, createState, Device, matmul } from "../../runtime/mod.ts";
import { CHECKED_STEPS, readExchange } from "./exchange.ts";
import { type Job, serve } from "./serve.ts";
import { SETTINGS, STEP_NAMES, type StepName, stepWork } from "./work.ts";

/** Prepares a training step from what is in a folder; see `stepExchange()`. */
export async function stepJob(device: Device, options: { name: StepName; folder: string }): Promise<Job & Disposable> {
  const { config, batchSize } = stepWork(options.name);
  const { tensors } = await readExchange(options.folder, options.name);
  const trainer = await VaeTrainer.create(device, { config, batchSize, seed: 0, floatImages: true, givenNoise: true });
  const images = tensors.get("batch.images")!.data;
  const size = images.length / config.views.length;
  const batch = {
    pixels: config.views.map((_, m) => images.slice(m * size, (m + 1) * size)),
    noise: tensors.get("batch.noise")!.data,
  };
  const state = [...tensors].filter(([name]) => !name.startsWith("batch."));
  trainer.write(new Map<string, HostTensor>(state));
  let step = 0;
  const run = (steps: number) => {
    for (let i = 0; i < steps; i++) trainer.step(batch, { ...SETTINGS, step: step++ });
    return trainer.readMetrics();
  };
  return {
    about: `${device.description}, ${device.target.profile} kernels, ${trainer.dispatchCount} dispatches`,
    check: async () => (await run(CHECKED_STEPS)).map(({ values }) => values.loss!),
    run: async (steps) => void await run(steps),
    [Symbol.dispose]: () => trainer[Symbol.dispose](),
  };
}

/** Prepares a product of two square matrices. */
export async function matmulJob(device: Device, options: { name: string; folder: string }): Promise<Job> {
  const { tensors } = await readExchange(options.folder, options.name);
  const factor = (name: string) => createState(device, { name, ...tensors.get(name)! });
  const [a, b] = [factor("a"), factor("b")];
  const program = await compile(device, () => ({ outputs: { product: matmul(a.tensor, b.tensor) } }), {
    name: "product",
  });
  return {
    about: `${device.description}, ${device.target.profile} kernels`,
    async check() {
      program.run();
      const [product] = await program.read("product");
      return [product![0]!, product!.at(-1)!];
    },
    async run(steps) {
      for (let i = 0; i < steps; i++) program.run();
      await device.finish();
    },
  };
}

if (import.meta.main) {
  const [folder = "cache/peers"] = Deno.args;
  using device = await Device.open();
  const steps = STEP_NAMES.map((name) => [name, () => stepJob(device, { name, folder })] as const);
  await serve({ ...Object.fromEntries(steps), matmul1024: () => matmulJob(device, { name: "matmul1024", folder }) });
}
