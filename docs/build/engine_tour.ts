/**
 * What the engine tour shows: one training step of a small model, traced, planned and printed.
 *
 * @module
 */
import { declareParameters, layers, Scope } from "../../models/mod.ts";
import { TrainingState } from "../../models/training_state.ts";
import { adam, Device, formatShape, input, mean, relu, square, sub, type Tensor } from "../../runtime/mod.ts";
import { buildGraph, type Item } from "../../runtime/graph/graph.ts";
import { traced } from "../../runtime/graph/op.ts";
import { stateOf } from "../../runtime/graph/state.ts";
import { unitName } from "../../runtime/plan/commands.ts";
import { type PlannedCommand, planProgram, type ProgramPlan } from "../../runtime/plan/program_plan.ts";
import { pipelineSource } from "../../runtime/program/dispatch.ts";

/** The blocks of `docs/engine.md` by name, as Markdown. */
export type EngineTour = Readonly<Record<"graph" | "dispatches" | "memory" | "kernel", string>>;

/** The kernel that the tour prints. */
const SHOWN = "pointwise/add+relu+sub+square";

const model = (scope: Scope): Tensor => relu(layers.linear(scope, input("x", { shape: [64, 16] }), { outputs: 32 }));
const loss = (scope: Scope): Tensor => mean(square(sub(model(scope), input("y", { shape: [64, 32] }))));

/** Traces and plans the tour's step for a GPU; needs an adapter, on which nothing runs. */
export async function engineTour(): Promise<EngineTour> {
  using device = await Device.open({ profile: "gpu" });
  const specs = declareParameters((scope) => {
    model(scope);
  });
  using state = TrainingState.create(device, { specs, seed: 0, optimizer: adam() });
  const { result, trace } = traced(() => {
    const value = loss(Scope.bound(state.parameters.source, { training: true }));
    state.minimize(value);
    return value;
  });
  const plan = planProgram({
    outputs: new Map(),
    metrics: new Map([["loss", result]]),
    effects: trace.effects,
    declared: trace.inputs,
    ringCapacity: 1,
  }, { target: device.target, maxBufferBytes: device.gpu.limits.maxBufferSize });
  return {
    graph: fenced("", buildGraph([result], trace.effects).items.map(itemLine)),
    dispatches: dispatchTable(plan),
    memory: memorySentence(plan),
    kernel: kernelSource(plan),
  };
}

/** Puts the tour's blocks after their markers, in place of earlier ones. */
export function withEngineTour(markdown: string, tour: EngineTour): string {
  return markdown.replaceAll(
    /<!-- generated: (\w+) -->\n(?:\n[^]*?<!-- end -->\n)?/g,
    (_, name: keyof EngineTour) => `<!-- generated: ${name} -->\n\n${tour[name]}\n\n<!-- end -->\n`,
  );
}

function fenced(language: string, lines: readonly string[]): string {
  return ["```" + language, ...lines, "```"].join("\n");
}

/** One node: `F  %6 [64, 32] = matmul(%5, %0)`. */
function itemLine(item: Item): string {
  const { phase, op, inputs, outputs } = item;
  const results = outputs.map(({ id, shape }) => `%${id} ${formatShape(shape)}`).join(", ");
  const call = `${op.name}(${leafName(item) ?? inputs.map(({ id }) => `%${id}`).join(", ")})`;
  return `${phase === 0 ? "F" : "B"}  ${results ? `${results} = ` : ""}${call}`;
}

/** The name of a state or input, or the value of a constant. */
function leafName({ op, attributes, outputs }: Item): string | undefined {
  if (op.name === "state") return `"${stateOf(outputs[0]!.tensor).name}"`;
  const { name, value } = attributes as { name?: string; value?: number };
  if (name !== undefined) return `"${name}"`;
  return value === undefined ? undefined : `${value}`;
}

function dispatchTable({ commands }: ProgramPlan): string {
  const rows = commands.map(({ command: { dispatch, unit }, bindings }, i) => {
    const { kernel, grid } = dispatch;
    return [`${i + 1}`, `\`${unitName(unit)}\``, `\`${kernel}\``, grid.join(" x "), `${bindings.length}`];
  });
  return markdownTable([["", "unit", "kernel", "workgroups", "buffers"], ...rows]);
}

/** A table as `deno fmt` writes it, the header first. */
function markdownTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(2, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(rows[0]!), line(widths.map((width) => "-".repeat(width))), ...rows.slice(1).map(line)].join("\n");
}

function memorySentence({ memory: { arena, unshared } }: ProgramPlan): string {
  const bytes = (count: number) => `${count.toLocaleString("en-US")} bytes`;
  return `Here the values would take ${bytes(unshared)} with a place each, and take ${bytes(arena)}.`;
}

function kernelSource({ commands }: ProgramPlan): string {
  const shown = commands.find(({ command }) => command.dispatch.kernel === SHOWN);
  if (!shown) throw new Error(`the tour's step has no dispatch of ${SHOWN}: choose another kernel to show`);
  return fenced("wgsl", sourceOf(shown).trim().split("\n"));
}

function sourceOf({ command, bindings, uniforms }: PlannedCommand): string {
  const storage = bindings.map(({ external, buffer, half }) => ({ buffer: external ?? buffer, half }));
  return pipelineSource({ dispatch: command.dispatch, storage, texels: [], uniforms }).code;
}
