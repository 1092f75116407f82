/**
 * Decoders compiled to WebAssembly with Emscripten, replaced before they run out of memory.
 *
 * @module
 */

/** The part of a decoder's interface that all codecs share. */
export interface WasmDecoder {
  /** Room in WebAssembly memory for the file's bytes; valid until the next call. */
  getEncodedBuffer(length: number): Uint8Array;
  /** Decodes what was put there. Throws a number or an error on bad data. */
  decode(): void;
  getFrameInfo(): FrameInfo;
  /** A view of WebAssembly memory; valid until the next call. */
  getDecodedBuffer(): Uint8Array | Uint8ClampedArray;
  delete(): void;
}

/** What a decoder says of an image. */
export interface FrameInfo {
  width: number;
  height: number;
  bitsPerSample: number;
  componentCount: number;
  /** JPEG 2000 only. */
  isSigned?: boolean;
}

/** The part of an Emscripten module that is used. */
export interface WasmModule {
  /** All of the module's memory; replaced when it grows. */
  readonly HEAPU8?: Uint8Array;
}

/** Loads a module; its messages go to the two functions. */
export type CreateModule<M extends WasmModule> = (options?: {
  print: (text: string) => void;
  printErr: (text: string) => void;
}) => Promise<M>;

/** Number of bad files after which a codec is replaced: each leaks memory, and eventually valid files would fail. */
const MAX_FAILURES = 20;
/** WebAssembly memory never shrinks: a codec that has grown beyond this many bytes is replaced. */
const MAX_CODEC_BYTES = 2 ** 28;

/** A decoder in WebAssembly, loaded when first needed. Not safe for concurrent calls. */
export class WasmCodec<M extends WasmModule> {
  readonly #create: CreateModule<M>;
  readonly #newDecoder: (module: M) => WasmDecoder;
  #loaded: { module: M; decoder: WasmDecoder } | undefined;
  #failures = 0;
  /** Number of errors and warnings that the codec has printed. */
  #messages = 0;

  constructor(create: CreateModule<M>, newDecoder: (module: M) => WasmDecoder) {
    this.#create = create;
    this.#newDecoder = newDecoder;
  }

  /**
   * The decoded samples, a view of the codec's memory that is valid until the next call; `undefined` for data that the
   * codec complains about. The caller must have checked the size in the data's header, which the codec allocates.
   */
  async decode(bytes: Uint8Array): Promise<{ info: FrameInfo; samples: Uint8Array | Uint8ClampedArray } | undefined> {
    if (this.#isSpent()) this.#loaded = undefined;
    const { decoder } = this.#loaded ??= await this.#load();
    this.#messages = 0;
    try {
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
    } catch (error) {
      this.#recover(error);
      return undefined;
    }
    // OpenJPEG only prints that data are damaged, and then returns the pixels of the image before.
    if (this.#messages > 0) {
      this.#recover(0);
      return undefined;
    }
    return { info: decoder.getFrameInfo(), samples: decoder.getDecodedBuffer() };
  }

  async #load(): Promise<{ module: M; decoder: WasmDecoder }> {
    const count = (text: string) => void (text.startsWith("[INFO]") ? 0 : this.#messages++);
    const module = await this.#create({ print: count, printErr: count });
    this.#failures = 0;
    return { module, decoder: this.#newDecoder(module) };
  }

  #isSpent(): boolean {
    const bytes = this.#loaded?.module.HEAPU8?.byteLength ?? 0;
    return this.#failures >= MAX_FAILURES || bytes > MAX_CODEC_BYTES;
  }

  /** The codec throws plain numbers for bad data; any other exception may have corrupted its memory. */
  #recover(error: unknown): void {
    this.#failures = typeof error === "number" ? this.#failures + 1 : MAX_FAILURES;
    if (this.#isSpent()) return;
    const { module, decoder } = this.#loaded!;
    decoder.delete();
    this.#loaded = { module, decoder: this.#newDecoder(module) };
  }
}
