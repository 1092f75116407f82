/**
 * Compiling a step in a process of its own, and reading what the driver printed there.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { UserError } from "../../cli/terminal/errors.ts";
import type { CompileRequest } from "./compile_step.ts";
import { markedSections, parseMachineProgram } from "./disassembly.ts";
import { prepareNullDevice } from "./install.ts";
import { mesaVersion } from "../machine.ts";
import type { StaticStep } from "./static_summary.ts";

const SCRIPT = fileURLToPath(new URL("./compile_step.ts", import.meta.url));

/** Where the layer is built. */
const FOLDER = join("cache", "gpu-static");

const dispatchSchema = z.strictObject({
  kernel: z.string(),
  op: z.string(),
  shape: z.string(),
  workgroups: z.int().positive(),
  threads: z.int().positive(),
  flops: z.number(),
  bytes: z.number(),
  tile: z.strictObject({ rows: z.int(), columns: z.int(), depth: z.int(), steps: z.int() }).exactOptional(),
  pipeline: z.int().nonnegative(),
});

const compiledSchema = z.strictObject({
  adapter: z.string(),
  dispatches: z.array(dispatchSchema),
  kernels: z.array(z.strictObject({ kernel: z.string(), threads: z.int().positive() })),
  choices: z.array(z.strictObject({
    family: z.string(),
    key: z.string(),
    times: z.int().positive(),
    variants: z.array(z.strictObject({ name: z.string(), cost: z.number(), dispatches: z.array(dispatchSchema) })),
  })),
});

/** What {@linkcode compileStep} takes. */
export interface CompileOptions {
  readonly request: CompileRequest;
  /** AMD's GPU by Mesa's name. */
  readonly family: string;
  readonly work: string;
}

/**
 * Compiles a training step for a GPU.
 *
 * @throws {UserError} where the driver or the layer cannot be had, or a kernel does not compile.
 */
export async function compileStep({ request, family, work }: CompileOptions): Promise<StaticStep> {
  const environment = await prepareNullDevice(FOLDER);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--cached-only",
      "--allow-env",
      "--allow-read",
      SCRIPT,
      JSON.stringify(request),
    ],
    env: { ...environment, RADV_FORCE_FAMILY: family, XDG_RUNTIME_DIR: Deno.env.get("XDG_RUNTIME_DIR") ?? "/tmp" },
  });
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const log = decoder.decode(stderr);
  if (code !== 0) {
    const reason = log.split("\n").findLast((line) => /error/i.test(line)) ?? `exit code ${code}`;
    throw new UserError(`the kernels could not be compiled for ${family}: ${reason.trim()}`);
  }
  const compiled = compiledSchema.parse(JSON.parse(decoder.decode(stdout)));
  const sections = markedSections(log);
  const kernels = compiled.kernels.map((kernel, number) => {
    const program = parseMachineProgram(sections.get(number) ?? "");
    if (!program) {
      throw new UserError(
        `Mesa printed no machine code for ${kernel.kernel}: RADV_DEBUG=shaders is needed, and honoured by RADV only`,
      );
    }
    return { ...kernel, program };
  });
  const { dispatches, choices } = compiled;
  // A Debian revision does not change the compiler.
  const mesa = /^[\d.]+/.exec(await mesaVersion() ?? "")?.[0] ?? "unknown";
  return { work, family, mesa, kernels, dispatches, choices };
}
