/**
 * The processes of one MPI job, and what they do together.
 *
 * Every method that communicates must be called by all ranks in the same order, and one at a time. Each has a time
 * limit: when a rank is dead, hangs or cannot be reached, the others throw a {@linkcode ClusterError} instead of
 * waiting for ever.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { ClusterError } from "./cluster_error.ts";
import type { Launch } from "./launcher.ts";
import type { MpiLibrary } from "./library.ts";
import { within } from "./watchdog.ts";

/** MPI_THREAD_SERIALIZED: any thread may call, one at a time. */
const SERIALIZED = 2;
/** Values that are summed by one call, 4 MiB: larger ones leave the caches and cost several times as much. */
const PIECE = 2 ** 20;
/** Bytes of a single broadcast. */
const BROADCAST_PIECE = 2 ** 26;
/** Bytes that hold any handle of a request, and any status. */
const REQUEST_BYTES = 8;
const STATUS_BYTES = 64;
/** Lengths of MPI_MAX_ERROR_STRING and MPI_MAX_PROCESSOR_NAME, and more. */
const TEXT_BYTES = 1024;
/** Milliseconds between two looks at a barrier that is waited for quietly. */
const QUIET_INTERVAL = 100;

const UNREACHABLE = "a rank is dead or hangs, or the network failed; the last checkpoint is intact: start the job " +
  "again with --resume";

/** Options of {@link Communicator.connect}. */
export interface ConnectOptions {
  readonly library: MpiLibrary;
  /** What the launcher says about this process. */
  readonly launch: Launch | undefined;
  /** Seconds that a single call may take. */
  readonly limit: number;
}

/** All processes of a job. */
export class Communicator {
  #finalized = false;
  #received = new Float32Array(0);

  private constructor(
    private readonly library: MpiLibrary,
    private readonly limit: number,
    readonly rank: number,
    readonly size: number,
    /** The host's name. */
    readonly host: string,
  ) {}

  /**
   * Initialises MPI and checks that it sees the processes that the launcher started.
   *
   * @throws {ClusterError} if the library belongs to another launcher, lacks threads, or does not answer in time.
   */
  static async connect({ library, launch, limit }: ConnectOptions): Promise<Communicator> {
    const { functions: mpi, handles } = library;
    const provided = new Int32Array(1);
    const code = await within(mpi.MPI_Init_thread(null, null, SERIALIZED, bytesOf(provided)), {
      seconds: limit,
      what: "the start of MPI",
      advice: `not all ranks arrived; check the launcher, the hosts and the network between them`,
    });
    check(library, "MPI_Init_thread", code);
    if (provided[0]! < SERIALIZED) {
      throw new ClusterError(`${library.version} was built without support of threads: use another MPI library`);
    }
    check(library, "MPI_Comm_set_errhandler", mpi.MPI_Comm_set_errhandler(handles.world, handles.errorsReturn));
    const [rank, size] = [new Int32Array(1), new Int32Array(1)];
    check(library, "MPI_Comm_rank", mpi.MPI_Comm_rank(handles.world, bytesOf(rank)));
    check(library, "MPI_Comm_size", mpi.MPI_Comm_size(handles.world, bytesOf(size)));
    const world = new Communicator(library, limit, rank[0]!, size[0]!, hostName(library));
    requireLaunch(world, { library, launch });
    return world;
  }

  /**
   * Replaces the values by their sums over all ranks, added in the order of the ranks.
   *
   * MPI_Allreduce may add in any order: OpenMPI and MPICH differ from three ranks on, and one library differs with the
   * ranks' distribution over hosts. Here each rank gets its share of all ranks' values (MPI_Alltoall), adds it up, and
   * shares the sums (MPI_Allgather), which moves as many bytes. The sums therefore have the same bits on every rank,
   * with every library and on all hosts.
   */
  async sum(values: Float32Array<ArrayBuffer>): Promise<void> {
    if (this.size === 1) return;
    await this.#within("the sum of the ranks' gradients", async () => {
      for (let start = 0; start < values.length; start += PIECE) {
        await this.#sumPiece(values.subarray(start, start + PIECE));
      }
    });
  }

  /** Sends bytes from rank 0 to all others, which pass nothing. */
  async broadcast(bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)): Promise<Uint8Array<ArrayBuffer>> {
    if (this.size === 1) return bytes;
    const { functions: mpi, handles } = this.library;
    return await this.#within("a message from rank 0", async () => {
      const length = new Float64Array([bytes.byteLength]);
      check(this.library, "MPI_Bcast", await mpi.MPI_Bcast(bytesOf(length), 8, handles.byte, 0, handles.world));
      const all = this.rank === 0 ? bytes : new Uint8Array(length[0]!);
      for (let start = 0; start < all.length; start += BROADCAST_PIECE) {
        const piece = all.subarray(start, start + BROADCAST_PIECE);
        const code = await mpi.MPI_Bcast(piece, piece.length, handles.byte, 0, handles.world);
        check(this.library, "MPI_Bcast", code);
      }
      return all;
    });
  }

  /** The texts of all ranks, by rank. */
  async gather(text: string): Promise<string[]> {
    if (this.size === 1) return [text];
    const own = new TextEncoder().encode(text);
    return await this.#within("the exchange of what the ranks know", async () => {
      const lengths = new Int32Array(this.size);
      await this.#allGather(bytesOf(Int32Array.of(own.length)), bytesOf(lengths));
      const room = Math.max(...lengths, 1);
      const sent = new Uint8Array(room);
      sent.set(own);
      const received = new Uint8Array(room * this.size);
      await this.#allGather(sent, received);
      const decoder = new TextDecoder();
      return Array.from(lengths, (length, i) => decoder.decode(received.subarray(i * room, i * room + length)));
    });
  }

  /**
   * Waits until all ranks have called this, without a time limit and without keeping a core busy: rank 0 may work for
   * hours meanwhile.
   */
  async waitForAll(): Promise<void> {
    if (this.size === 1) return;
    const { functions: mpi, handles } = this.library;
    const request = new Uint8Array(REQUEST_BYTES);
    const [flag, status] = [new Int32Array(1), new Uint8Array(STATUS_BYTES)];
    check(this.library, "MPI_Ibarrier", mpi.MPI_Ibarrier(handles.world, request));
    for (;;) {
      check(this.library, "MPI_Test", mpi.MPI_Test(request, bytesOf(flag), status));
      if (flag[0] !== 0) return;
      await delay(QUIET_INTERVAL);
    }
  }

  /** Ends MPI. A process that exits without this makes the launcher end the whole job. */
  async finalize(): Promise<void> {
    if (this.#finalized) return;
    this.#finalized = true;
    await this.#within("the end of MPI", async () => {
      check(this.library, "MPI_Finalize", await this.library.functions.MPI_Finalize());
    });
  }

  async #sumPiece(piece: Float32Array<ArrayBuffer>): Promise<void> {
    const { functions: mpi, handles: { float, world } } = this.library;
    const { size } = this;
    const share = Math.ceil(piece.length / size);
    const whole = share * size === piece.length ? piece : new Float32Array(share * size);
    if (whole !== piece) whole.set(piece);
    const parts = this.#room(share * size);
    const code = await mpi.MPI_Alltoall(whole, share, float, parts, share, float, world);
    check(this.library, "MPI_Alltoall", code);
    const sums = parts.subarray(0, share);
    for (let rank = 1; rank < size; rank++) {
      const from = rank * share;
      for (let i = 0; i < share; i++) sums[i] = sums[i]! + parts[from + i]!;
    }
    const done = await mpi.MPI_Allgather(sums, share, float, whole, share, float, world);
    check(this.library, "MPI_Allgather", done);
    if (whole !== piece) piece.set(whole.subarray(0, piece.length));
  }

  /** An array for received values, kept for the next time. */
  #room(length: number): Float32Array<ArrayBuffer> {
    if (this.#received.length < length) this.#received = new Float32Array(length);
    return this.#received.subarray(0, length);
  }

  async #allGather(sent: Uint8Array<ArrayBuffer>, received: Uint8Array<ArrayBuffer>): Promise<void> {
    const { functions: mpi, handles: { byte, world } } = this.library;
    const { length } = sent;
    check(this.library, "MPI_Allgather", await mpi.MPI_Allgather(sent, length, byte, received, length, byte, world));
  }

  #within<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { limit, rank } = this;
    return within(work(), { seconds: limit, what: `rank ${rank}: ${what}`, advice: UNREACHABLE });
  }
}

/** @throws {ClusterError} if MPI sees other processes than the launcher started. */
function requireLaunch(
  { rank, size }: Communicator,
  { library, launch }: { library: MpiLibrary; launch: Launch | undefined },
): void {
  if (launch === undefined || (launch.rank === rank && launch.size === size)) return;
  throw new ClusterError(
    `${launch.launcher} started this process as rank ${launch.rank} of ${launch.size}, but ${library.version} sees rank ` +
      `${rank} of ${size}: the library does not belong to the launcher; start with the launcher of this library ` +
      "(mpirun.openmpi, mpirun.mpich, srun --mpi=pmix), or set MPI_HOME to the folder of the launcher's library",
  );
}

/** @throws {ClusterError} with the library's own words. */
function check(library: MpiLibrary, call: string, code: number): void {
  if (code === 0) return;
  const text = new Uint8Array(TEXT_BYTES);
  const length = new Int32Array(1);
  library.functions.MPI_Error_string(code, text, bytesOf(length));
  const words = new TextDecoder().decode(text.subarray(0, length[0])).replaceAll(/\s*[\n\0]+\s*/g, " ").trim();
  throw new ClusterError(`${call} failed (${words}): ${UNREACHABLE}`);
}

function hostName(library: MpiLibrary): string {
  const text = new Uint8Array(TEXT_BYTES);
  const length = new Int32Array(1);
  check(library, "MPI_Get_processor_name", library.functions.MPI_Get_processor_name(text, bytesOf(length)));
  return new TextDecoder().decode(text.subarray(0, length[0]));
}

function bytesOf(array: Int32Array<ArrayBuffer> | Float64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
