/**
 * Small runs of the real `deno task train:mpi` on this machine, with OpenMPI and MPICH.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { writePhantoms } from "../../../phantoms/mod.ts";
import { type Checkpoint, latestCheckpoint } from "../../../runtime/files/checkpoint.ts";
import { readMetricsFile, runPaths } from "../../../training/mod.ts";
import { type Ended, ROOT, RunningProcess, runProcess, succeeds, taskCommand } from "../../process.ts";

/** The libraries, as Debian's launchers name them. */
export type Library = "openmpi" | "mpich";

/** Whether both libraries are installed. */
export function hasMpi(): boolean {
  return Deno.build.os === "linux" && ["mpirun.openmpi", "mpirun.mpich"].every((name) => succeeds([name, "--version"]));
}

/** The environment of MPI's launchers: as root and with more ranks than cores. */
export const MPI_ENV = {
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  // Without it the launcher's processes spin while they wait, on cores that the ranks need.
  OMPI_MCA_mpi_yield_when_idle: "1",
} as const;

/** The command that starts ranks. */
export function mpirun(library: Library, ranks: number): string[] {
  return [`mpirun.${library}`, "-n", `${ranks}`];
}

/** The command of `deno task train:mpi`, whose permissions name $MPI_HOME. */
export function trainCommand(options: { home?: string; preload?: readonly string[] } = {}): string[] {
  const { home = "/none", preload = [] } = options;
  return taskCommand("train:mpi", { preload }).map((word) => word.replaceAll("$MPI_HOME", home));
}

/** The flags of all runs: 8 steps of 12 pairs. */
const FLAGS = ["--network", "small", "--image-size", "28", "--filter-dim", "2", "--latent-dim", "2", "--no-evaluation"]
  .concat("--batch-size", "12", "--epochs", "4", "--checkpoint-steps", "2");

/** A temporary folder with data, in which runs are started. */
export class MpiRig implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  /** Draws the data. */
  static async create(): Promise<MpiRig> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "mmvm-mpi-" }));
    await writePhantoms(join(folder, "phantoms"), { studies: 36, seed: 3, scale: 0.02, workers: 2 });
    return new MpiRig(folder);
  }

  /** Starts a run. */
  start(
    run: string,
    command: readonly string[],
    options: { flags?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
  ): RunningProcess {
    const { flags = [], env = {} } = options;
    const args = [...this.flags(run), ...flags];
    return new RunningProcess([...command, ...args], { cwd: this.folder, env: { ...MPI_ENV, ...env } });
  }

  /** The flags of a run. */
  flags(run: string): string[] {
    return ["--data", "phantoms", ...FLAGS, "--run", run];
  }

  /** Runs a whole command in the folder to its end. */
  run(command: readonly string[]): Promise<Ended> {
    return runProcess(command, { cwd: this.folder, env: MPI_ENV });
  }

  /** Runs `train:mpi` to its end. */
  async train(
    run: string,
    options: { library: Library; ranks: number; flags?: readonly string[] },
  ): Promise<Ended> {
    const { library, ranks, flags = [] } = options;
    const command = [...mpirun(library, ranks), ...trainCommand()];
    return await this.start(run, command, { flags: ["--share-adapter", ...flags] }).ended;
  }

  /** The last checkpoint of a run and its metrics but for times. */
  async outcome(run: string): Promise<{ checkpoint: Checkpoint; metrics: unknown[] }> {
    const { checkpoints, metrics } = runPaths(join(this.folder, "runs", run));
    const { found } = await latestCheckpoint(checkpoints);
    assert.ok(found, `${run} has no checkpoint`);
    const lines = await readMetricsFile(metrics);
    return {
      checkpoint: found,
      metrics: lines.map(({ studiesPerSecond: _speed, seconds: _seconds, ...line }) => line),
    };
  }

  /** Asserts that two runs have the same parameters, statistics, moments and metrics, bit for bit. */
  async assertSame(run: string, expected: string): Promise<void> {
    const [a, b] = [await this.outcome(run), await this.outcome(expected)];
    assert.equal(a.checkpoint.state.step, b.checkpoint.state.step);
    assert.deepEqual(a.metrics, b.metrics);
    assert.deepEqual([...a.checkpoint.tensors.keys()], [...b.checkpoint.tensors.keys()]);
    for (const [name, { data }] of a.checkpoint.tensors) {
      const same = Buffer.compare(bytes(data), bytes(b.checkpoint.tensors.get(name)!.data)) === 0;
      assert.ok(same, `tensor ${name} of ${run} differs from that of ${expected}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A module to preload, with parameters. */
export function preloaded(module: string, parameters: Readonly<Record<string, string | number>>): string {
  const url = new URL(`file://${join(ROOT, "tests/cluster/mpi", module)}`);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value));
  return url.href;
}

function bytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
