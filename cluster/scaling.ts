/**
 * The time of a data-parallel step on paper: from the step of one process, the size of what ranks exchange, and the
 * bandwidth between them.
 *
 * A rank sends every other rank its share of the gradient and gets the others' shares of its own, then sends the sums
 * (see `mpi/communicator.ts`). Of S bytes on R ranks each rank sends 2 S (R - 1) / R; from a host with r of them, 2 S r
 * (R - r) / R cross the network.
 *
 * @module
 */

/** How ranks are placed and connected. */
export interface Placement {
  readonly ranks: number;
  readonly hosts: number;
  /** Bandwidth of a host's network in bits per second, one way. */
  readonly network: number;
  /** Bytes per second between two ranks of one host. */
  readonly local: number;
  /** Seconds that a message takes apart from its length. */
  readonly latency: number;
  /** Whether the ranks of a host share one adapter, so that their work adds up. */
  readonly shared: boolean;
}

/** What was measured of one process, in seconds. */
export interface MeasuredStep {
  /** A step on the whole batch. */
  readonly whole: number;
  /** A step on a rank's part of the batch, with the copies of the gradient from and to the adapter. */
  readonly part: number;
  /** Bytes that ranks exchange. */
  readonly bytes: number;
}

/** The prediction. */
export interface PredictedStep {
  /** Seconds of a step. */
  readonly step: number;
  /** Seconds of it in which ranks exchange gradients, within hosts and between them. */
  readonly exchange: number;
  /** How many times as fast as one process. */
  readonly speedup: number;
  /** Speedup per rank, or per host where ranks share an adapter. */
  readonly efficiency: number;
  /**
   * Bits per second of the network at which the ranks are just as fast as one process; 0 if they are always faster,
   * infinite if never.
   */
  readonly breakEven: number;
}

/** Bytes that are summed by one call, as in `mpi/communicator.ts`. */
const PIECE_BYTES = 2 ** 22;

/**
 * Predicts the time of a step.
 *
 * @throws {RangeError} if the ranks cannot be spread evenly over the hosts.
 */
export function predictStep(measured: MeasuredStep, placement: Placement): PredictedStep {
  const { ranks, hosts, network, local, latency, shared } = placement;
  if (ranks % hosts !== 0) throw new RangeError(`${ranks} ranks cannot be spread evenly over ${hosts} hosts`);
  const each = ranks / hosts;
  const { whole, part, bytes } = measured;
  const work = part * (shared ? each : 1);
  // Within a host, and the messages of both calls for each piece.
  const inside = 2 * bytes * (each - 1) / ranks / local * (shared ? each : 1);
  const messages = ranks === 1 ? 0 : Math.ceil(bytes / PIECE_BYTES) * 2 * (ranks - 1) * latency;
  const crossing = 2 * bytes * each * (ranks - each) / ranks * 8;
  const exchange = inside + messages + crossing / network;
  const step = work + exchange;
  const left = whole - work - inside - messages;
  return {
    step,
    exchange,
    speedup: whole / step,
    efficiency: whole / step / (shared ? hosts : ranks),
    breakEven: crossing === 0 ? (left > 0 ? 0 : Infinity) : left > 0 ? crossing / left : Infinity,
  };
}

/** Parses a bandwidth such as `10G`, `2.5G`, `100M` or a plain number; `undefined` if it is none. */
export function parseBandwidth(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const value = Number(number) * { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 }[unit]!;
  return value > 0 ? value : undefined;
}

/** Writes a bandwidth as {@linkcode parseBandwidth} reads it, with two digits. */
export function formatBandwidth(value: number): string {
  for (const [unit, size] of [["T", 1e12], ["G", 1e9], ["M", 1e6], ["K", 1e3]] as const) {
    if (value >= size) return `${Number((value / size).toPrecision(2))}${unit}`;
  }
  return value.toPrecision(2);
}
