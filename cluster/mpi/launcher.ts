/**
 * What the program that started this process says about it, by environment variables.
 *
 * @module
 */

/** How a launcher numbers this process. */
export interface Launch {
  /** The launcher's name. */
  readonly launcher: string;
  /** The MPI library that belongs to the launcher, if it belongs to one. */
  readonly library: "openmpi" | "mpich" | undefined;
  readonly rank: number;
  readonly size: number;
}

/** The variables that are read. */
export const LAUNCHER_VARIABLES = [
  "OMPI_COMM_WORLD_RANK",
  "OMPI_COMM_WORLD_SIZE",
  "PMI_RANK",
  "PMI_SIZE",
  "PMIX_RANK",
  "SLURM_PROCID",
  "SLURM_STEP_NUM_TASKS",
] as const;

/**
 * Finds out how this process was started; `undefined` if by none of the known launchers.
 *
 * OpenMPI's mpirun comes first, because inside a Slurm job it starts its own processes with srun. A batch script
 * without srun has SLURM_PROCID but not the number of tasks of a step.
 */
export function launchOf(env: (name: typeof LAUNCHER_VARIABLES[number]) => string | undefined): Launch | undefined {
  const number = (name: typeof LAUNCHER_VARIABLES[number]) => {
    const text = env(name);
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const found = (rank: number | undefined, size: number | undefined, about: Pick<Launch, "launcher" | "library">) =>
    rank === undefined || size === undefined ? undefined : { ...about, rank, size };
  const slurm = { launcher: "srun", library: env("PMIX_RANK") === undefined ? undefined : "openmpi" } as const;
  return found(number("OMPI_COMM_WORLD_RANK"), number("OMPI_COMM_WORLD_SIZE"), {
    launcher: "OpenMPI's mpirun",
    library: "openmpi",
  }) ??
    found(number("PMI_RANK"), number("PMI_SIZE"), {
      launcher: "MPICH's mpirun (or srun --mpi=pmi2)",
      library: "mpich",
    }) ??
    found(number("SLURM_PROCID"), number("SLURM_STEP_NUM_TASKS"), slurm);
}
