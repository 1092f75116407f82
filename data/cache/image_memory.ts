/**
 * The default memory budget for decoding images.
 *
 * @module
 */
/** Assumed if the machine's memory size is unknown. */
const UNKNOWN = 2 ** 30;

/**
 * The default memory budget for decoding over all workers, in bytes: a quarter of the memory of the machine or (on
 * Linux) the container.
 */
export function defaultImageMemory(): number {
  const known = [systemMemory(), containerLimit()].filter((bytes) => bytes !== undefined);
  return known.length === 0 ? UNKNOWN : Math.floor(Math.min(...known) / 4);
}

function systemMemory(): number | undefined {
  try {
    return Deno.systemMemoryInfo().total;
  } catch {
    // This task lacks the permission.
    return undefined;
  }
}

function containerLimit(): number | undefined {
  try {
    const bytes = Number(Deno.readTextFileSync("/sys/fs/cgroup/memory.max"));
    return Number.isFinite(bytes) && bytes > 0 ? bytes : undefined;
  } catch {
    // Not Linux, or no permission.
    return undefined;
  }
}
