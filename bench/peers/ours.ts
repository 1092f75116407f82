/**
 * Our contestant: training steps as performed by `deno task train`, and a matrix product.
 *
 * @module
 */
import { createVaeTrainer, type HostTensor } from "../../models/mod.ts";
import { compile, createState, Device, KernelTuner, matmul, type Precision } from "../../runtime/mod.ts";
import { CHECKED_STEPS, readExchange } from "./exchange.ts";
import { type Job, serve } from "./serve.ts";
import { SETTINGS, STEP_NAMES, type StepName, stepWork } from "./work.ts";

/** Prepares a training step from the exchange files in a folder; see `stepExchange()`. */
export async function stepJob(
  device: Device,
  options: { name: StepName; folder: string; precision?: Precision },
): Promise<Job & Disposable> {
  const { precision = "f32" } = options;
  const { settings, tensors } = await readExchange(options.folder, options.name);
  const { batchSize, imageSize, filterDim, latentDim } = settings as Record<
    "batchSize" | "imageSize" | "filterDim" | "latentDim",
    number
  >;
  const config = { ...stepWork(options.name).config, imageSize, filterDim, latentDim };
  const trainer = await createVaeTrainer(device, {
    config,
    batchSize,
    seed: 0,
    floatImages: true,
    givenNoise: true,
    precision,
  });
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
    about: `${aboutDevice(device)}, ${trainer.dispatchCount} dispatches${precision === "f32" ? "" : `, ${precision}`}`,
    check: async () => (await run(CHECKED_STEPS)).map(({ values }) => values.loss!),
    run: async (steps) => void await run(steps),
    [Symbol.dispose]: () => trainer[Symbol.dispose](),
  };
}

function aboutDevice({ description, target }: Device): string {
  return `${description}, ${target.profile} kernels${target.tuner instanceof KernelTuner ? ", tuned" : ""}`;
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
    about: aboutDevice(device),
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

/** Opens a device for one piece of work, with a tuner if wanted; a tuner tunes only one program. */
function openDevice(tune: boolean): Promise<Device> {
  return Device.open(tune ? { tuner: new KernelTuner() } : {});
}

if (import.meta.main) {
  const [folder = "cache/peers", tuned] = Deno.args;
  const open = () => openDevice(tuned === "tuned");
  const steps = STEP_NAMES.map((name) => [name, async () => stepJob(await open(), { name, folder })] as const);
  const product = async () => matmulJob(await open(), { name: "matmul1024", folder });
  await serve({ ...Object.fromEntries(steps), matmul1024: product });
}
