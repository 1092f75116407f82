/**
 * Finds the test files and assigns each to a group.
 *
 * @module
 */
import { join, relative, resolve } from "node:path";
import { ROOT } from "./process.ts";

/** Test files that run in one process. */
export interface TestGroup {
  readonly name: string;
  readonly files: readonly string[];
  /** Whether the graphics driver may crash while the process exits, see {@linkcode groupFiles}. */
  readonly mayCrashAtExit: boolean;
}

/** Folders and files whose tests open devices in their own process. */
const GPU_TESTS: readonly string[] = [
  "tests/docs/engine_tour_test.ts",
  "tests/runtime",
  "tests/shaders",
  "tests/models",
  "tests/training",
  "tests/eval/floors",
  "tests/eval/generative",
  "tests/eval/runs",
  "tests/eval/verify",
  "tests/page/phantom_training_test.ts",
  "tests/page/run_kinds_test.ts",
  "tests/faults/device_faults_test.ts",
  "tests/faults/file_faults_test.ts",
];

/** Folders whose tests mostly wait for processes that they start, and for limits and signals. */
const PROCESS_TESTS: readonly string[] = ["tests/browser", "tests/cluster", "tests/faults"];

/** All test files in these folders, and these files. */
export async function findTestFiles(paths: readonly string[]): Promise<string[]> {
  const files = await Promise.all(paths.map(async (path) => {
    if (!(await Deno.stat(path)).isDirectory) return [path];
    const found: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) found.push(...await findTestFiles([join(path, name)]));
      else if (name.endsWith("_test.ts")) found.push(join(path, name));
    }
    return found;
  }));
  return files.flat().map((file) => file.replaceAll("\\", "/")).sort();
}

/**
 * Groups test files by process, for a machine of two cores: each group waits for a good part of its time, and no group
 * takes much longer than the others. Lavapipe (Mesa 22.3.6) sometimes aborts or segfaults when a process exits that has
 * opened many devices (about once in twenty runs), so tests that open devices run in a separate process, in which
 * such crashes are tolerated.
 */
export function groupFiles(files: readonly string[]): TestGroup[] {
  const isIn = (paths: readonly string[], file: string) =>
    paths.some((path) => `${relative(ROOT, resolve(file))}/`.startsWith(`${path}/`));
  const [gpu, others] = partition(files, (file) => isIn(GPU_TESTS, file));
  const [processes, rest] = partition(others, (file) => isIn(PROCESS_TESTS, file));
  return [
    { name: "without a GPU", files: rest, mayCrashAtExit: false },
    { name: "on the GPU", files: gpu, mayCrashAtExit: true },
    { name: "of processes", files: processes, mayCrashAtExit: false },
  ].filter(({ files }) => files.length > 0);
}

function partition(files: readonly string[], belongs: (file: string) => boolean): [string[], string[]] {
  return [files.filter(belongs), files.filter((file) => !belongs(file))];
}

/** Test files that start a cluster on this machine, which takes root, namespaces, Slurm, OpenMPI and MPICH. */
const CLUSTER_TESTS: readonly string[] = [
  "tests/cluster/mpi/link_test.ts",
  "tests/cluster/mpi/train_mpi_test.ts",
  "tests/cluster/slurm/slurm_prepare_test.ts",
  "tests/cluster/slurm/slurm_sweep_test.ts",
  "tests/cluster/slurm/srun_training_test.ts",
];

/** Whether a test file cannot run because `MMVM_CLUSTER=absent` says that no cluster can be started here. */
export function needsAbsentCluster(file: string): boolean {
  return Deno.env.get("MMVM_CLUSTER") === "absent" && CLUSTER_TESTS.includes(relative(ROOT, resolve(file)));
}

/** Files, and folders (with a trailing slash), that `--fast` excludes: each file takes over about three seconds. */
export const SLOW: readonly string[] = [
  "tests/architecture/examples_test.ts",
  "tests/bench/gpu_test.ts",
  "tests/bench/long_run_test.ts",
  "tests/bench/main_test.ts",
  "tests/bench/peers_test.ts",
  "tests/bench/text_test.ts",
  "tests/browser/",
  "tests/cli/evaluate_parquet_test.ts",
  "tests/cli/offline_test.ts",
  "tests/cli/report_test.ts",
  "tests/cli/views_test.ts",
  "tests/cluster/",
  "tests/data/cache/prepare_parts_test.ts",
  "tests/data/cache/prepare_pixels_test.ts",
  "tests/data/image/mutation_test.ts",
  "tests/data/readers/read_mimic_dicom_test.ts",
  "tests/data/tasks_test.ts",
  "tests/data/zip/zip_test.ts",
  "tests/docs/site_test.ts",
  "tests/eval/probes/random_forest_test.ts",
  "tests/eval/floors/evaluate_floors_test.ts",
  "tests/eval/generative/generative_run_test.ts",
  "tests/eval/runs/",
  "tests/eval/verify/",
  "tests/examples/",
  "tests/experiments/experiment_process_test.ts",
  "tests/experiments/fresh_phantoms_test.ts",
  "tests/experiments/published_order_process_test.ts",
  "tests/faults/",
  "tests/fuzz/",
  "tests/models/",
  "tests/notebooks/notebooks_test.ts",
  "tests/npm/",
  "tests/page/hostile_page_test.ts",
  "tests/page/model_page_test.ts",
  "tests/page/phantom_training_test.ts",
  "tests/page/run_kinds_test.ts",
  "tests/page/try_it_page_test.ts",
  "tests/phantoms/draw_test.ts",
  "tests/phantoms/write_phantoms_test.ts",
  "tests/runtime/files/checkpoint_test.ts",
  "tests/runtime/ops/",
  "tests/runtime/program/epilogue_test.ts",
  "tests/runtime/program/random_graphs_test.ts",
  "tests/shaders/",
  "tests/viz/report/report_page_test.ts",
  "tests/viz/report/report_test.ts",
];

/** Whether `--fast` excludes a test file. */
export function isSlow(file: string): boolean {
  const path = relative(ROOT, resolve(file));
  return SLOW.some((slow) => slow.endsWith("/") ? path.startsWith(slow) : path === slow);
}
