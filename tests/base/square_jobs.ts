/**
 * Jobs for the tests of workers.
 *
 * @module
 */

/** A family of jobs for tests of workers: squares a number after adding the set-up; -1 is a job that fails. */
export function prepareSquare(offset: number): (job: number) => number {
  if (offset < 0) throw new Error("the set-up is negative");
  return (job) => {
    if (job === -1) throw new Error("job -1 cannot be done");
    return (job + offset) ** 2;
  };
}
