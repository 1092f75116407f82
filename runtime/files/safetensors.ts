/**
 * Reads and writes the safetensors format, which is compatible with Python's `safetensors` library. Pure functions
 * over bytes; callers open the files. Tensors are row-major and little-endian, as WebGPU and every host it runs on
 * are.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors, toFloat32 } from "./safetensors.ts";
 *
 * const file = encodeSafetensors(new Map([["w", { shape: [2], data: Float32Array.of(1, 2) }]]));
 * toFloat32(decodeSafetensors(file).tensors.get("w")!); // Float32Array [1, 2]
 * ```
 *
 * @module
 */
import { type Dtype, parseHeader } from "./safetensors_header.ts";

export { type Dtype, SafetensorsError } from "./safetensors_header.ts";

/** A tensor as stored in a file. */
export interface RawTensor {
  /** Type of the elements. */
  readonly dtype: Dtype;
  /** Shape in row-major order. */
  readonly shape: readonly number[];
  /** Its bytes, a view of the file's buffer. */
  readonly bytes: Uint8Array;
}

/** The contents of a file. */
export interface SafetensorsFile {
  /** Tensors by name. */
  readonly tensors: ReadonlyMap<string, RawTensor>;
  /** The file's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Decodes a file. The tensors are views of `file`; nothing is copied.
 *
 * @throws {SafetensorsError} if the file is damaged or not of this format; see {@link parseHeader} for what is checked.
 */
export function decodeSafetensors(file: Uint8Array): SafetensorsFile {
  const { tensors, metadata, dataStart } = parseHeader(file, { fileBytes: file.length });
  const views = new Map<string, RawTensor>();
  for (const [name, { dtype, shape, begin, end }] of tensors) {
    views.set(name, { dtype, shape, bytes: file.subarray(dataStart + begin, dataStart + end) });
  }
  return { tensors: views, metadata };
}

/**
 * A tensor's values as float32. F16 and BF16 are exact; F64 and integers are rounded (PyTorch's state_dicts have an
 * I64 counter, `num_batches_tracked`, beside each batch norm's statistics), and BOOL gives 0 and 1.
 *
 * @throws {TypeError} for float8.
 */
export function toFloat32(tensor: RawTensor): Float32Array {
  const { dtype, bytes } = tensor;
  // Copied, because tensors in a file may be misaligned for typed arrays.
  const { buffer } = bytes.slice();
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "BF16":
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
    case "F16":
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case "F8_E4M3":
    case "F8_E5M2":
      throw new TypeError(`toFloat32() cannot read ${dtype} tensors: convert them to F16 or F32`);
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer), Number);
    case "U64":
      return Float32Array.from(new BigUint64Array(buffer), Number);
    default:
      return Float32Array.from(toIntegers(tensor));
  }
}

/** The value of a half-precision number: 1 sign bit, 5 of exponent, 10 of fraction. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * An integer or boolean tensor's values.
 *
 * @throws {TypeError} for floating-point types.
 * @throws {RangeError} for a 64-bit integer beyond 2^53.
 */
export function toIntegers(tensor: RawTensor): number[] {
  const { dtype, bytes } = tensor;
  const { buffer } = bytes.slice();
  switch (dtype) {
    case "BOOL":
    case "U8":
      return [...new Uint8Array(buffer)];
    case "I8":
      return [...new Int8Array(buffer)];
    case "I16":
      return [...new Int16Array(buffer)];
    case "U16":
      return [...new Uint16Array(buffer)];
    case "I32":
      return [...new Int32Array(buffer)];
    case "U32":
      return [...new Uint32Array(buffer)];
    case "I64":
      return Array.from(new BigInt64Array(buffer), safeInteger);
    case "U64":
      return Array.from(new BigUint64Array(buffer), safeInteger);
    default:
      throw new TypeError(`toIntegers() reads integer and BOOL tensors, not ${dtype}`);
  }
}

function safeInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`integer ${value} is beyond 2^53`);
  return number;
}

/** A tensor to be written; the array's type decides the dtype: F32, I32, U32, U8 or I64. */
export interface TensorData {
  /** Shape in row-major order. */
  readonly shape: readonly number[];
  /** Values in row-major order. */
  readonly data: Float32Array | Int32Array | Uint32Array | Uint8Array | BigInt64Array;
}

/** An encoded file in parts, which can be written without a second copy of the data in memory. */
export interface EncodedParts {
  /** Length, JSON and padding: a multiple of 8 bytes. */
  readonly header: Uint8Array;
  /** The tensors' bytes, to be written after the header in this order; views of the given arrays. */
  readonly data: readonly Uint8Array[];
}

/**
 * Encodes tensors as a file in parts. Tensors of wider elements come first, so that each is aligned to its elements.
 *
 * @throws {RangeError} where a shape and an array disagree, a name is reserved or not well-formed, or the header
 * would be too long.
 */
export function encodeParts(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): EncodedParts {
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of ordered) {
    const { shape, data: values } = tensor;
    checkTensorData(name, tensor);
    const info = { dtype: dtypeOf(values), shape, data_offsets: [offset, offset + values.byteLength] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
    data.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    offset += values.byteLength;
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20, 8);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  // The reader's checks guarantee that the written file is valid.
  parseHeader(header, { fileBytes: header.length + offset });
  return { header, data };
}

function checkTensorData(name: string, { shape, data }: TensorData): void {
  const size = shape.reduce((product, length) => product * length, 1);
  if (name === "__metadata__" || !name.isWellFormed()) {
    throw new RangeError(`${JSON.stringify(name)} cannot be a tensor's name in a safetensors file`);
  }
  if (shape.some((length) => !Number.isInteger(length) || length < 0) || size !== data.length) {
    throw new RangeError(`tensor ${name} of shape [${shape.join(", ")}] cannot hold ${data.length} values`);
  }
}

function dtypeOf(data: TensorData["data"]): Dtype {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof BigInt64Array) return "I64";
  return "U8";
}

/**
 * Encodes tensors as one file in memory.
 *
 * @param metadata Strings for the header's `__metadata__`.
 * @throws {RangeError} as {@link encodeParts} does.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { header, data } = encodeParts(tensors, metadata);
  const file = new Uint8Array(data.reduce((total, bytes) => total + bytes.length, header.length));
  file.set(header);
  let at = header.length;
  for (const bytes of data) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}
