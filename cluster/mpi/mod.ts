/**
 * MPI through Deno's foreign function interface: OpenMPI and libraries with MPICH's ABI.
 *
 * @module
 */
export { ClusterError } from "./cluster_error.ts";
export { Communicator, type ConnectOptions } from "./communicator.ts";
export { type Launch, LAUNCHER_VARIABLES, launchOf } from "./launcher.ts";
export { type MpiLibrary, openLibrary } from "./library.ts";
