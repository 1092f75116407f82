/**
 * Who takes part in a race, and the processes in which they do.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { z } from "zod";
import { choice, flag, text } from "../../cli/options/options.ts";
import { BUNDLE, DEBIAN_PYTHON, JAX, PACKAGES } from "./places.ts";
import type { Peer } from "./setup.ts";

/** Who takes part: us and the peers. */
export const CONTESTANTS = ["ours", "jax-js", "tfjs", "pytorch"] as const;
export type Contestant = typeof CONTESTANTS[number];

const HERE = import.meta.dirname!;

/** How contestants are started. */
export interface StartOptions {
  /** Where the exchange's files are. */
  readonly folder: string;
  /** PyTorch's script, beside this file. */
  readonly script: string;
  /** Whether we time variants of our kernels first. */
  readonly tune: boolean;
  readonly torch: TorchOptions;
}

/** Which PyTorch takes part, and where it computes. */
export interface TorchOptions {
  /** The Python that has it. */
  readonly python: string;
  readonly device: "cpu" | "cuda";
  /** With `torch.compile` instead of eagerly. */
  readonly compile: boolean;
}

/** Flags that say which PyTorch takes part. */
export const TORCH_FLAGS = {
  python: text({
    pattern: /\S/,
    allowed: "a program",
    help: "the Python that has PyTorch (and NumPy); nothing is installed for one that is given",
    default: DEBIAN_PYTHON,
  }),
  torchDevice: choice(["cpu", "cuda"], { help: "where PyTorch computes, in float32 with TF32 off", default: "cpu" }),
  torchCompile: flag({ help: "PyTorch by torch.compile instead of eagerly" }),
};

/** What {@link TORCH_FLAGS} say. */
export function torchOptions(
  values: { python: string; torchDevice: "cpu" | "cuda"; torchCompile: boolean },
): { torch: TorchOptions } {
  return { torch: { python: values.python, device: values.torchDevice, compile: values.torchCompile } };
}

/** How a contestant's process is started. */
function commandOf(contestant: Contestant, options: StartOptions): {
  program: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
} {
  const folder = resolve(options.folder);
  const environment = "--allow-env=XDG_RUNTIME_DIR,DENO_WEBGPU_BACKEND";
  const deno = ["run", "--quiet", "--no-prompt", "--cached-only"];
  // The peers run without this project's configuration: their packages are none of its own.
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
        ],
        // Threads that spin while they wait take a busy machine's processors from those they wait for: PyTorch is ten times slower then.
        env: { OMP_WAIT_POLICY: "PASSIVE" },
      };
  }
}

/** A peer of a contestant, if it is one. */
export function peerOf(contestant: Contestant): Peer | undefined {
  return contestant === "ours" ? undefined : contestant;
}

const preparedSchema = z.object({ about: z.string(), values: z.array(z.number()) });
const timesSchema = z.object({ seconds: z.number(), processorSeconds: z.number() });
const errorSchema = z.object({ error: z.string() });

/** What a run of some steps took, a step each. */
export type Times = z.infer<typeof timesSchema>;

/** A contestant's process; see `serve.ts` for what is said to it. Dispose of it to end it. */
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
   * Has the process load, compile and check some work.
   *
   * @throws {Error} with what it said where it cannot.
   */
  async prepare(work: string): Promise<z.infer<typeof preparedSchema>> {
    return preparedSchema.parse(await this.#ask({ prepare: work }));
  }

  /** Has it do steps. */
  async run(work: string, steps: number): Promise<Times> {
    return timesSchema.parse(await this.#ask({ run: work, steps }));
  }

  [Symbol.dispose](): void {
    // It may have ended by itself.
    this.#writer.close().catch(() => {});
    try {
      this.#child.kill();
    } catch {
      // It has.
    }
  }

  async #ask(request: object): Promise<unknown> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`)).catch(() => {});
    const { value, done } = await this.#answers.next();
    if (done) {
      const lines = (await this.#complaints).trim().split("\n");
      throw new Error(lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "it ended without a word");
    }
    const answer: unknown = JSON.parse(value);
    const failed = errorSchema.safeParse(answer);
    if (failed.success) throw new Error(failed.data.error);
    return answer;
  }
}

/** Lines that begin with `@`, which is where answers are; others are what frameworks print. */
async function* answers(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) if (part.startsWith("@")) yield part.slice(1);
  }
}
