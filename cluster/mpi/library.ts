/**
 * Opens an MPI library. OpenMPI and MPICH have the same functions but different handles: OpenMPI's are addresses of
 * objects in the library, MPICH's are integers from its header, which are the same in Intel MPI, MVAPICH and Cray MPI.
 *
 * @module
 */
import { ClusterError } from "./cluster_error.ts";
import type { Launch } from "./launcher.ts";

/** A handle: an address or an integer. */
type Handle = Deno.PointerValue | number;

/** The handles that are needed. */
interface Handles {
  readonly world: Handle;
  readonly float: Handle;
  readonly byte: Handle;
  readonly errorsReturn: Handle;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** MPI's functions. Those that communicate run on a thread of their own, so that the event loop goes on. */
export interface MpiFunctions {
  MPI_Init_thread(argc: null, argv: null, required: number, provided: Bytes): Promise<number>;
  MPI_Finalize(): Promise<number>;
  MPI_Comm_rank(comm: Handle, rank: Bytes): number;
  MPI_Comm_size(comm: Handle, size: Bytes): number;
  MPI_Comm_set_errhandler(comm: Handle, handler: Handle): number;
  MPI_Error_string(code: number, text: Bytes, length: Bytes): number;
  MPI_Get_processor_name(name: Bytes, length: Bytes): number;
  MPI_Alltoall(
    send: Float32Array<ArrayBuffer>,
    sendCount: number,
    sendType: Handle,
    receive: Float32Array<ArrayBuffer>,
    count: number,
    type: Handle,
    comm: Handle,
  ): Promise<number>;
  MPI_Bcast(data: Bytes, count: number, type: Handle, root: number, comm: Handle): Promise<number>;
  MPI_Allgather(
    send: Bytes | Float32Array<ArrayBuffer>,
    sendCount: number,
    sendType: Handle,
    receive: Bytes | Float32Array<ArrayBuffer>,
    count: number,
    type: Handle,
    comm: Handle,
  ): Promise<number>;
  MPI_Ibarrier(comm: Handle, request: Bytes): number;
  MPI_Test(request: Bytes, flag: Bytes, status: Bytes): number;
}

/** An open library. */
export interface MpiLibrary {
  readonly path: string;
  readonly kind: "openmpi" | "mpich";
  /** First line of what the library says about itself. */
  readonly version: string;
  readonly functions: MpiFunctions;
  readonly handles: Handles;
}

/** Integer handles of the MPICH ABI, from its mpi.h. */
const MPICH_HANDLES: Handles = {
  world: 0x44000000,
  float: 0x4c00040a,
  byte: 0x4c00010d,
  errorsReturn: 0x54000001,
};

/** Where distributions install the libraries, and the environment variable's. */
export function libraryPaths(home: string | undefined): { openmpi: string[]; mpich: string[] } {
  const given = home === undefined || home === "" ? [] : [`${home}/lib/libmpi.so`];
  const debian = ["x86_64", "aarch64"].filter((arch) => arch === Deno.build.arch).map((arch) =>
    `/usr/lib/${arch}-linux-gnu`
  );
  return {
    openmpi: [...given, ...debian.map((at) => `${at}/libmpi.so.40`), "/usr/lib64/openmpi/lib/libmpi.so.40"],
    mpich: [...given, ...debian.map((at) => `${at}/libmpich.so.12`), "/usr/lib64/mpich/lib/libmpi.so.12"],
  };
}

/**
 * Opens the MPI library at a path or, without one, the first of those of this system, beginning with the launcher's.
 *
 * @throws {ClusterError} listing what was tried.
 */
export function openLibrary(
  options: { path?: string | undefined; home: string | undefined; launch: Launch | undefined },
): MpiLibrary {
  const { path, home, launch } = options;
  const { openmpi, mpich } = libraryPaths(home);
  const known = launch?.library === "mpich" ? [...mpich, ...openmpi] : [...openmpi, ...mpich];
  const failures: string[] = [];
  for (const candidate of path === undefined ? [...new Set(known)] : [path]) {
    try {
      return open(candidate);
    } catch (error) {
      if (error instanceof ClusterError) throw error;
      failures.push(reasonOf(error as Error, candidate));
    }
  }
  throw new ClusterError(
    `no MPI library can be opened (${
      failures.join("; ")
    }): install OpenMPI or MPICH, or set MPI_HOME to the folder of ` +
      "one, so that $MPI_HOME/lib/libmpi.so exists",
  );
}

function reasonOf(error: Error, path: string): string {
  if (error.name === "NotCapable") return `${path}: the task train:mpi may not load it`;
  if (/No such file/.test(error.message)) return `${path}: does not exist`;
  return `${path}: ${error.message.replaceAll(/\s+/g, " ")}`;
}

/** The function that must be called first, because it tells which handles the others take. */
const VERSION = { MPI_Get_library_version: { parameters: ["buffer", "buffer"], result: "i32" } } as const;

/** Length of MPI_MAX_LIBRARY_VERSION_STRING. */
const VERSION_BYTES = 8192;

function open(path: string): MpiLibrary {
  const text = new Uint8Array(VERSION_BYTES);
  const length = new Int32Array(1);
  Deno.dlopen(path, VERSION).symbols.MPI_Get_library_version(text, length);
  const version = new TextDecoder().decode(text.subarray(0, length[0])).split(/[\n\0]/)[0]!.replaceAll("\t", " ");
  if (/^Open MPI/.test(version)) {
    // The table of functions is typed by its literal; its interface is the same for both kinds of handles.
    const functions = Deno.dlopen(path, functionTable("pointer")).symbols as unknown as MpiFunctions;
    return { path, kind: "openmpi", version, functions, handles: openMpiHandles(path) };
  }
  if (/MPICH|Intel\(R\) MPI|MVAPICH/.test(version)) {
    const functions = Deno.dlopen(path, functionTable("i32")).symbols as unknown as MpiFunctions;
    return { path, kind: "mpich", version, functions, handles: MPICH_HANDLES };
  }
  throw new ClusterError(
    `${path} is ${
      JSON.stringify(version)
    }, but only OpenMPI and libraries with MPICH's ABI can be used: set MPI_HOME ` +
      "to the folder of one",
  );
}

/** OpenMPI's handles are the addresses of these objects. */
function openMpiHandles(path: string): Handles {
  const { symbols } = Deno.dlopen(path, {
    ompi_mpi_comm_world: { type: "pointer" },
    ompi_mpi_float: { type: "pointer" },
    ompi_mpi_byte: { type: "pointer" },
    ompi_mpi_errors_return: { type: "pointer" },
  });
  return {
    world: symbols.ompi_mpi_comm_world,
    float: symbols.ompi_mpi_float,
    byte: symbols.ompi_mpi_byte,
    errorsReturn: symbols.ompi_mpi_errors_return,
  };
}

function functionTable<const H extends "pointer" | "i32">(h: H) {
  const apart = { result: "i32", nonblocking: true } as const;
  return {
    MPI_Init_thread: { ...apart, parameters: ["pointer", "pointer", "i32", "buffer"] },
    MPI_Finalize: { ...apart, parameters: [] },
    MPI_Comm_rank: { parameters: [h, "buffer"], result: "i32" },
    MPI_Comm_size: { parameters: [h, "buffer"], result: "i32" },
    MPI_Comm_set_errhandler: { parameters: [h, h], result: "i32" },
    MPI_Error_string: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
    MPI_Get_processor_name: { parameters: ["buffer", "buffer"], result: "i32" },
    MPI_Alltoall: { ...apart, parameters: ["buffer", "i32", h, "buffer", "i32", h, h] },
    MPI_Bcast: { ...apart, parameters: ["buffer", "i32", h, "i32", h] },
    MPI_Allgather: { ...apart, parameters: ["buffer", "i32", h, "buffer", "i32", h, h] },
    MPI_Ibarrier: { parameters: [h, "buffer"], result: "i32" },
    MPI_Test: { parameters: ["buffer", "buffer", "buffer"], result: "i32" },
  } as const;
}
