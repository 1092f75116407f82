/** Used where the machine's memory cannot be known. */
const UNKNOWN = 2 ** 30;

/** Bytes that decoding may take by default, over all workers: a quarter of the machine's or (Linux) the container's memory. */
export function defaultImageMemory(): number {
  const known = [systemMemory(), containerLimit()].filter((bytes) => bytes !== undefined);
  return known.length === 0 ? UNKNOWN : Math.floor(Math.min(...known) / 4);
}

function systemMemory(): number | undefined {
  try {
    return Deno.systemMemoryInfo().total;
  } catch {
    // Not permitted to this task.
    return undefined;
  }
}

function containerLimit(): number | undefined {
  try {
    const bytes = Number(Deno.readTextFileSync("/sys/fs/cgroup/memory.max"));
    return Number.isFinite(bytes) && bytes > 0 ? bytes : undefined;
  } catch {
    // Another system, or not permitted.
    return undefined;
  }
}
