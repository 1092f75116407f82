/**
 * Joins the other ranks of an MPI job, and shares with them what goes wrong before training.
 *
 * @module
 */
import {
  ClusterError,
  Communicator,
  type Launch,
  type LAUNCHER_VARIABLES,
  launchOf,
  openLibrary,
} from "../../cluster/mpi/mod.ts";
import { Device } from "../../runtime/mod.ts";

/** Options of {@link joinJob}. */
export interface JoinOptions {
  /** Seconds that an exchange may take. */
  readonly limit: number;
  /** Accept ranks of one host that see adapters of the same name. */
  readonly shareAdapter: boolean;
}

/**
 * Initialises MPI.
 *
 * @throws {ClusterError} if there is no library, or not the launcher's, or two ranks have one adapter.
 */
export async function joinJob({ limit, shareAdapter }: JoinOptions): Promise<Communicator> {
  const launch: Launch | undefined = launchOf((name: typeof LAUNCHER_VARIABLES[number]) => Deno.env.get(name));
  const library = openLibrary({ home: Deno.env.get("MPI_HOME"), launch });
  const world = await Communicator.connect({ library, launch, limit });
  if (world.rank === 0) console.error(`${world.size} ${world.size === 1 ? "rank" : "ranks"}, ${library.version}`);
  if (world.size > 1 && !shareAdapter) await requireOwnAdapter(world);
  return world;
}

/**
 * Does a part of the preparations on this rank, and waits until all ranks have done theirs, however long that takes.
 *
 * @throws what the work throws; on the other ranks a {@link ClusterError} that names the rank.
 */
export async function stage<T>(world: Communicator, work: () => Promise<T> | T): Promise<T> {
  let result: { value: T } | undefined;
  let failure: unknown;
  try {
    result = { value: await work() };
  } catch (error) {
    failure = error;
  }
  await world.waitForAll();
  const failed = (await world.gather(result ? "" : world.host)).findIndex((host) => host !== "");
  if (result === undefined) throw failure;
  if (failed >= 0) throw new ClusterError(`rank ${failed} cannot go on: see its message, correct it and start again`);
  return result.value;
}

/**
 * Refuses two ranks of one host that see the same adapter.
 *
 * WebGPU gives an adapter's name only: two GPUs of one model in a host cannot be told apart from one that is seen
 * twice.
 *
 * @throws {ClusterError} naming the ranks.
 */
async function requireOwnAdapter(world: Communicator): Promise<void> {
  const adapter = await stage(world, async () => {
    using device = await Device.open();
    return device.description;
  });
  const seen = await world.gather(`${adapter} of host ${world.host}`);
  const twice = seen.findIndex((each, rank) => seen.indexOf(each) < rank);
  if (twice < 0) return;
  throw new ClusterError(
    `ranks ${seen.indexOf(seen[twice]!)} and ${twice} both see the adapter ${
      seen[twice]
    }: give each rank a GPU of its ` +
      "own (Slurm's ConstrainDevices, or one GPU in each container) and say so by --share-adapter, which also lets " +
      "ranks share one",
  );
}
