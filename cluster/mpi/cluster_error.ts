/**
 * What goes wrong between the processes of a cluster.
 *
 * @module
 */

/** A rank, the network or the MPI library failed; the message says what to do. */
export class ClusterError extends Error {
  override name = "ClusterError";
}
