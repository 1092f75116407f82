/**
 * Plans a training step for a GPU and compiles its pipelines one at a time. Markers on standard error delimit what the
 * driver prints about each kernel. This is a process of its own because drivers are selected by environment variables
 * and print directly to the file descriptor.
 *
 * @module
 */
import { z } from "zod";
import { createPipeline, pipelineKey, type PipelineSource } from "../../runtime/device/pipeline.ts";
import { DEFAULT_LANES } from "../../runtime/kernels/declarations.ts";
import { COMPUTE_TYPES, Device, PRECISIONS } from "../../runtime/mod.ts";
import type { Tuner } from "../../runtime/kernels/kernel.ts";
import { unitName } from "../../runtime/plan/commands.ts";
import { type PlannedCommand, planProgram, type ProgramPlan } from "../../runtime/plan/program_plan.ts";
import { pipelineSource } from "../../runtime/program/dispatch.ts";
import { stepWork } from "../peers/work.ts";
import { traceStep } from "../trace_step.ts";
import { QuestionCollector, type StaticChoice } from "./choices.ts";
import type { StaticDispatch } from "./step_model.ts";

const requestSchema = z.strictObject({
  imageSize: z.int(),
  batchSize: z.int(),
  precision: z.enum(PRECISIONS),
  compute: z.enum(COMPUTE_TYPES),
  /** Also compile every variant of every matrix product and convolution. */
  choices: z.boolean(),
});

/** What to compile: the papers' network at a size. */
export type CompileRequest = z.infer<typeof requestSchema>;

/** What the process leaves: the dispatches, and for each pipeline its kernel's name and threads a workgroup. */
export interface CompiledStep {
  readonly adapter: string;
  readonly dispatches: readonly StaticDispatch[];
  readonly kernels: readonly { readonly kernel: string; readonly threads: number }[];
  /** Empty unless asked for. */
  readonly choices: readonly StaticChoice[];
}

/** The papers' training step with dropout, as the trainer builds it. */
function planStep(
  device: Device,
  { request: { imageSize, batchSize, precision, compute }, tuner }: { request: CompileRequest; tuner: Tuner },
): ProgramPlan {
  const config = { ...stepWork("paper64").config, imageSize, dropout: 0.5 };
  using step = traceStep(device, { config, batchSize, precision, seed: 0 });
  return planProgram(step.request, {
    // A large GPU's limits: the null device's own say nothing about the GPU that it stands for.
    target: { ...device.target, maxBindingBytes: 4 * 2 ** 30 - 4, compute, tuner },
    maxBufferBytes: 64 * 2 ** 30,
    precision,
  });
}

/** A planned dispatch as the step's model sees it. */
function staticDispatch(
  { command, bindings }: PlannedCommand,
  made: { readonly pipeline: number; readonly threads: number },
): StaticDispatch {
  const { dispatch, unit } = command;
  const shapes = (values: readonly { readonly shape: readonly number[] }[]) =>
    values.map(({ shape }) => `[${shape.join(", ")}]`).join(" ");
  return {
    kernel: dispatch.kernel,
    op: unitName(unit),
    shape: `${shapes(unit.inputs)} -> ${shapes(unit.outputs)}`,
    workgroups: dispatch.grid.reduce((product, size) => product * size, 1),
    flops: dispatch.flops ?? 0,
    bytes: dispatch.bytes ?? bindings.reduce((total, { bytes }) => total + bytes, 0),
    ...(dispatch.tile ? { tile: dispatch.tile } : {}),
    ...made,
  };
}

/** A command's pipeline, as the engine makes it. */
function sourceOf({ command, bindings, uniforms, texels = [] }: PlannedCommand): PipelineSource {
  const storage = bindings.map(({ external, buffer, half }) => ({ buffer: external ?? buffer, half }));
  return pipelineSource({ dispatch: command.dispatch, storage, texels, uniforms });
}

async function main(request: CompileRequest): Promise<void> {
  using device = await Device.open({ profile: "gpu" });
  const tuner = new QuestionCollector();
  const plan = planStep(device, { request, tuner });
  const sources = new Map<string, { source: PipelineSource; number: number; threads: number }>();
  const numberOf = (source: PipelineSource, threads: number) => {
    const key = pipelineKey(source);
    let found = sources.get(key);
    if (!found) sources.set(key, found = { source, number: sources.size, threads });
    return found.number;
  };
  const dispatches = plan.commands.map((command) => {
    const threads = command.command.dispatch.lanes ?? DEFAULT_LANES;
    return staticDispatch(command, { pipeline: numberOf(sourceOf(command), threads), threads });
  });
  const choices = request.choices ? tuner.choices(numberOf) : [];
  const mark = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  for (const { source, number } of sources.values()) {
    mark(`@@begin ${number}`);
    await createPipeline(device.gpu, source);
    mark(`@@end ${number}`);
  }
  const kernels = [...sources.values()].map(({ source: { kernel }, threads }) => ({ kernel, threads }));
  const compiled: CompiledStep = { adapter: device.description, dispatches, kernels, choices };
  console.log(JSON.stringify(compiled));
}

if (import.meta.main) {
  await main(requestSchema.parse(JSON.parse(Deno.args[0]!)));
  // The null device never reports work as done: waiting for it at exit would take for ever.
  Deno.exit(0);
}
