/**
 * The contestants of a race, and the processes in which they run.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { z } from "zod";
import { choice, flag, text } from "../../cli/options/options.ts";
import { BUNDLE, DEBIAN_PYTHON, JAX, PACKAGES } from "./places.ts";
import type { Peer } from "./setup.ts";

/** mmvm itself (`ours`) and its peers. */
export const CONTESTANTS = ["ours", "jax-js", "tfjs", "pytorch"] as const;
export type Contestant = typeof CONTESTANTS[number];

const HERE = import.meta.dirname!;

/** Options for starting contestants. */
export interface StartOptions {
  /** Folder of the exchange files. */
  readonly folder: string;
  /** Name of PyTorch's script, in this folder. */
  readonly script: string;
  /** Whether to tune our kernels first. */
  readonly tune: boolean;
  readonly torch: TorchOptions;
}

/** Which PyTorch installation to use, and how. */
export interface TorchOptions {
  /** The Python interpreter that has PyTorch. */
  readonly python: string;
  readonly device: "cpu" | "cuda";
  /** Whether to use `torch.compile` instead of eager mode. */
  readonly compile: boolean;
  /** Whether CUDA may multiply in TF32, with a mantissa of 10 bits; false by default. */
  readonly tf32?: boolean;
}

/** Command-line flags for {@linkcode TorchOptions}. */
export const TORCH_FLAGS = {
  python: text({
    pattern: /\S/,
    allowed: "a program",
    help: "a Python with PyTorch and NumPy; by default Debian's, whose packages are installed if missing",
    default: DEBIAN_PYTHON,
  }),
  torchDevice: choice(["cpu", "cuda"], { help: "where PyTorch computes, in float32 with TF32 off", default: "cpu" }),
  torchCompile: flag({ help: "use torch.compile instead of eager mode" }),
};

/** Converts the values of {@link TORCH_FLAGS}. */
export function torchOptions(
  values: { python: string; torchDevice: "cpu" | "cuda"; torchCompile: boolean },
): { torch: TorchOptions } {
  return { torch: { python: values.python, device: values.torchDevice, compile: values.torchCompile } };
}

/** The command that starts a contestant. */
function commandOf(contestant: Contestant, options: StartOptions): {
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
} {
  const folder = resolve(options.folder);
  const environment = "--allow-env=XDG_RUNTIME_DIR,DENO_WEBGPU_BACKEND";
  const deno = ["run", "--quiet", "--no-prompt", "--cached-only"];
  // Peers run without this project's configuration, because their packages are not its own.
  const foreign = [...deno, "--no-config", "--allow-read", "--allow-env"];
  switch (contestant) {
    case "ours":
      return {
        program: "deno",
        args: [...deno, "--allow-read", environment, join(HERE, "ours.ts"), folder, options.tune ? "tuned" : "default"],
      };
    case "jax-js":
      return { program: "deno", args: [...foreign, join(HERE, "jax.js"), folder, resolve(PACKAGES, JAX)] };
    case "tfjs":
      return { program: "deno", args: [...foreign, join(HERE, "tfjs.js"), folder, resolve(PACKAGES, BUNDLE)] };
    case "pytorch":
      return {
        program: options.torch.python,
        args: [
          join(HERE, options.script),
          folder,
          `--threads=${navigator.hardwareConcurrency}`,
          `--device=${options.torch.device}`,
          ...(options.torch.compile ? ["--compile"] : []),
          ...(options.torch.tf32 ? ["--tf32"] : []),
        ],
        // Spinning threads would take CPU time from the ones they wait for: on a busy machine PyTorch becomes ten times
        // slower.
        env: { OMP_WAIT_POLICY: "PASSIVE" },
      };
  }
}

/** The contestant as a peer; `undefined` for ourselves. */
export function peerOf(contestant: Contestant): Peer | undefined {
  return contestant === "ours" ? undefined : contestant;
}

const preparedSchema = z.object({ about: z.string(), values: z.array(z.number()) });
const timesSchema = z.object({ seconds: z.number(), processorSeconds: z.number() });
const errorSchema = z.object({ error: z.string() });

const describedSchema = z.object({
  /** The library that multiplies matrices. */
  blas: z.string(),
  /** Its measured rate in float32. */
  gflops: z.number(),
  threads: z.int(),
  onednn: z.boolean(),
  /** The widest vector instructions of the processor that it can use. */
  isa: z.string(),
  /** Peak GFLOP/s of the processor's multiply-adds; `null` where it cannot be told, and on a GPU. */
  peak: z.number().nullable(),
});

/** How a PyTorch computes. */
export type TorchDescription = z.infer<typeof describedSchema>;

/** Time per step of a run. */
export type Times = z.infer<typeof timesSchema>;

/** A contestant's process; see `serve.ts` for the protocol. Dispose of it to end the process. */
export class PeerProcess implements Disposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #answers: AsyncGenerator<string>;
  readonly #complaints: Promise<string>;

  constructor(readonly contestant: Contestant, options: StartOptions) {
    const { program, args, env = {} } = commandOf(contestant, options);
    const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(program, { args: [...args], env: { ...env }, ...streams }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#answers = answers(this.#child.stdout);
    this.#complaints = new Response(this.#child.stderr).text();
  }

  /**
   * Makes the process load, compile and check some work.
   *
   * @throws {Error} with the process's message if it fails.
   */
  async prepare(work: string): Promise<z.infer<typeof preparedSchema>> {
    return preparedSchema.parse(await this.#ask({ prepare: work }));
  }

  /** Asks PyTorch what it multiplies matrices with, and measures how fast. */
  async describe(): Promise<TorchDescription> {
    return describedSchema.parse(await this.#ask({ describe: true }));
  }

  /** Runs some steps. */
  async run(work: string, steps: number): Promise<Times> {
    return timesSchema.parse(await this.#ask({ run: work, steps }));
  }

  [Symbol.dispose](): void {
    // It may have exited already.
    this.#writer.close().catch(() => {});
    try {
      this.#child.kill();
    } catch {
      // It had exited.
    }
  }

  async #ask(request: object): Promise<unknown> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`)).catch(() => {});
    const { value, done } = await this.#answers.next();
    if (done) {
      const lines = (await this.#complaints).trim().split("\n");
      throw new Error(
        lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "it exited without an error " +
            "message",
      );
    }
    const answer: unknown = JSON.parse(value);
    const failed = errorSchema.safeParse(answer);
    if (failed.success) throw new Error(failed.data.error);
    return answer;
  }
}

/** The answers: lines that begin with `@`. Other lines are printed by the frameworks. */
async function* answers(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("@")) yield part.slice(1);
  }
}
