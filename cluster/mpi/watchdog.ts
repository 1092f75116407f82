/**
 * A time limit for what other ranks have a part in: MPI itself waits for ever for a rank that is gone.
 *
 * @module
 */
import { ClusterError } from "./cluster_error.ts";

/**
 * Waits for work, but not longer than the limit. The work itself cannot be ended: the caller has to end the process.
 *
 * @param options.what Names the work in the exception.
 * @throws {ClusterError} after the limit.
 */
export async function within<T>(
  work: Promise<T>,
  options: { seconds: number; what: string; advice: string },
): Promise<T> {
  const { seconds, what, advice } = options;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ClusterError(`${what} did not end within ${seconds} s: ${advice}`));
    }, seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
