/**
 * The test bed for fault injection: small runs of the real `deno task train` in a temporary folder. A reference run
 * without faults keeps every checkpoint; all other runs are compared with it, tensor by tensor and line by line.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { writePhantoms } from "../../phantoms/mod.ts";
import { readMetricsFile, runPaths } from "../../training/mod.ts";
import { type Checkpoint, latestCheckpoint, listCheckpoints, readCheckpoint } from "../../runtime/files/checkpoint.ts";
import { RunningProcess, taskCommand } from "../process.ts";
import { FaultTally } from "./fault_tally.ts";

/** Number of studies: four steps per epoch with a batch size of 8. */
const STUDIES = 44;

/** Number of steps of every run. */
export const STEPS = 24;

/** A fault to inject: a module of this folder that is preloaded before the program, and its parameters. */
export interface Fault {
  readonly module: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

/** Options for starting a run. */
export interface StartOptions {
  readonly flags?: readonly string[];
  readonly fault?: Fault;
  /** A shell command that runs the program as `"$@"`. */
  readonly shell?: string;
}

/** A temporary folder with data, in which runs are started and compared with the reference run. */
export class Subject implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    private readonly expected: Expected,
    /** Faults injected so far; the last test of each file reports the counts. */
    readonly faults = new FaultTally(),
  ) {}

  /** Generates the data and performs the reference run. */
  static async create(): Promise<Subject> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm_faults_" }));
    try {
      const data = join(folder, "phantoms");
      await writePhantoms(data, { studies: STUDIES, seed: 3, scale: 0.02, workers: 2 });
      const subject = new Subject(folder, { data, checkpoints: "", losses: new Map() });
      const { code, stderr } = await subject.start("whole", { flags: ["--checkpoint-steps", "1", "--keep", "1000"] })
        .ended;
      assert.equal(code, 0, stderr);
      const { metrics, checkpoints } = runPaths(subject.directory("whole"));
      assert.equal((await listCheckpoints(checkpoints)).length, STEPS);
      return new Subject(folder, { data, checkpoints, losses: await readLosses(metrics) });
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** Creates a subfolder with the same prepared data, for runs that execute in parallel with those here. */
  async beside(name: string): Promise<Subject> {
    const folder = join(this.folder, name);
    await cp(join(this.folder, "cache"), join(folder, "cache"), { recursive: true });
    return new Subject(folder, this.expected, this.faults);
  }

  /** The directory of a run. */
  directory(run: string): string {
    return join(this.folder, "runs", run);
  }

  /** Whether a run has a draft configuration, and a final one. */
  begun(run: string): { draft: boolean; config: boolean } {
    const { config, draft } = runPaths(this.directory(run));
    return { draft: existsSync(draft), config: existsSync(config) };
  }

  /** Starts a run, or resumes it if it exists. */
  start(run: string, options: StartOptions = {}): RunningProcess {
    const { draft, config } = this.begun(run);
    const { flags = [], ...how } = options;
    return this.task("train", [...this.#flags(), "--run", run, ...draft || config ? ["--resume"] : [], ...flags], how);
  }

  /** Starts a `deno task` in this folder with the task's own permissions. */
  task(name: string, args: readonly string[], { fault, shell }: Omit<StartOptions, "flags"> = {}): RunningProcess {
    const command = [...taskCommand(name, { preload: fault ? [moduleUrl(fault)] : [] }), ...args];
    return new RunningProcess(shell ? ["/bin/sh", "-c", shell, "sh", ...command] : command, { cwd: this.folder });
  }

  /** Resumes a run, lets it finish, and asserts that it equals the reference run. */
  async finish(run: string): Promise<void> {
    const { code, stderr } = await this.start(run).ended;
    assert.equal(code, 0, stderr);
    await this.assertWhole(run);
  }

  /**
   * Asserts that a run's last checkpoint and its metrics equal those of the reference run.
   *
   * @param options.since The run must have reached at least this step.
   * @param options.warnings Number of damaged checkpoints that must be skipped.
   * @returns The step of the last checkpoint, or 0 if there is none.
   */
  async assertNothingLost(run: string, options: { since?: number; warnings?: number } = {}): Promise<number> {
    const { since = 0, warnings: expectedWarnings = 0 } = options;
    const { checkpoints, metrics } = runPaths(this.directory(run));
    const { found, warnings } = await latestCheckpoint(checkpoints);
    assert.equal(warnings.length, expectedWarnings, warnings.join("\n"));
    const step = found?.state.step ?? 0;
    assert.ok(step >= since, `${run} went back from step ${since} to ${step}`);
    if (found) await this.#assertSame(found);
    const losses = await readLosses(metrics);
    for (let i = 0; i < step; i++) assert.deepEqual(losses.get(i), this.expected.losses.get(i), `${run}, step ${i}`);
    return step;
  }

  /** Asserts that a run is complete and has the same parameters and metrics as the reference run. */
  async assertWhole(run: string): Promise<void> {
    assert.equal(await this.assertNothingLost(run), STEPS);
    const { metrics, results, report, draft } = runPaths(this.directory(run));
    assert.deepEqual(await readLosses(metrics), this.expected.losses);
    assert.ok(existsSync(results) && existsSync(report) && !existsSync(draft));
    const left = [...Deno.readDirSync(this.directory(run))].map(({ name }) => name);
    assert.deepEqual(left.filter((name) => name === "lock" || /^(config|metrics).*tmp$/.test(name)), []);
  }

  async #assertSame(checkpoint: Checkpoint): Promise<void> {
    const { step } = checkpoint.state;
    const name = `step-${String(step).padStart(8, "0")}.safetensors`;
    assertSameTensors(checkpoint, await readCheckpoint(join(this.expected.checkpoints, name)));
  }

  #flags(): string[] {
    const settings = { network: "small", imageSize: 28, filterDim: 2, latentDim: 2, batchSize: 8, epochs: STEPS / 4 };
    const flags = Object.entries(settings).flatMap(([key, value]) => [
      `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      String(value),
    ]);
    return ["--data", this.expected.data, ...flags];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Asserts that parameters, running statistics and optimiser moments are equal bit for bit. */
export function assertSameTensors(actual: Checkpoint, expected: Checkpoint): void {
  assert.equal(actual.state.step, expected.state.step);
  assert.deepEqual([...actual.tensors.keys()], [...expected.tensors.keys()]);
  for (const [name, { data }] of actual.tensors) {
    const same = Buffer.compare(bytes(data), bytes(expected.tensors.get(name)!.data)) === 0;
    assert.ok(same, `tensor ${name} at step ${actual.state.step} differs`);
  }
}

interface Expected {
  /** Directory of the phantoms. */
  readonly data: string;
  /** Directory with a checkpoint of every step. */
  readonly checkpoints: string;
  readonly losses: ReadonlyMap<number, number[]>;
}

/** Reads the metrics of each step, except for the times. */
async function readLosses(path: string): Promise<Map<number, number[]>> {
  const lines = await readMetricsFile(path);
  return new Map(lines.map((line) => {
    const { step, loss, reconstruction, kl, gradientNorm, alpha, learningRate } = line;
    return [step, [loss, reconstruction ?? NaN, kl ?? NaN, gradientNorm, alpha, learningRate]];
  }));
}

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function moduleUrl({ module, parameters }: Fault): string {
  const url = new URL(module, import.meta.url);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url.href;
}
