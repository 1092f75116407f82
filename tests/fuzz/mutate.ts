/**
 * Structured changes to valid inputs. Random bytes are refused at the first check; an input that is nearly valid gets
 * further.
 *
 * @module
 */
import type { SeededRandom } from "../../base/random.ts";

/** Boundary values of lengths, counts and offsets. */
const EDGES = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
const TEXT_EDGES = ["0", "-1", "1e999", "9007199254740993", "4294967296", "null", "NaN", '""', "{}", "[]", "__proto__"];
/** A byte-order mark, line ends, quotes, escape and bidirectional controls, an encoded lone surrogate. */
const FRAGMENTS = ["\ufeff", "\r", "\r\n", "\0", '"', '""', ",", ",,,,", "\x1b[2J", "\u202e", "../", "\\u0000"];

/** Applies several mutations to one of the inputs. */
export function mutate(inputs: readonly Uint8Array[], random: SeededRandom, options: { text: boolean }): Uint8Array {
  let bytes = pick(inputs, random);
  for (let changes = 1 + random.below(4); changes > 0 && bytes.length > 0; changes--) {
    const changesOfKind = options.text && random.below(4) > 0 ? TEXT_CHANGES : BYTE_CHANGES;
    bytes = pick(changesOfKind, random)(bytes, random, inputs);
  }
  return bytes;
}

type Change = (bytes: Uint8Array, random: SeededRandom, inputs: readonly Uint8Array[]) => Uint8Array;

const BYTE_CHANGES: readonly Change[] = [
  // Flip a bit.
  (bytes, random) => {
    const at = random.below(bytes.length);
    return splice(bytes, { at, remove: 1, put: Uint8Array.of(bytes[at]! ^ (1 << random.below(8))) });
  },
  // An integer of one, two or four bytes, in either order, near an edge.
  (bytes, random) => {
    const size = [1, 2, 4][random.below(3)]!;
    const word = new DataView(new ArrayBuffer(4));
    const value = (pick(EDGES, random) + random.below(3) - 1) >>> 0;
    if (size === 1) word.setUint8(0, value & 0xff);
    else if (size === 2) word.setUint16(0, value & 0xffff, random.below(2) === 0);
    else word.setUint32(0, value, random.below(2) === 0);
    // Headers are at the front.
    const at = random.below(random.below(2) === 0 ? Math.min(bytes.length, 64) : bytes.length);
    return splice(bytes, { at, remove: size, put: new Uint8Array(word.buffer, 0, size) });
  },
  // Cut.
  (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  // Repeat or remove a stretch.
  (bytes, random) => {
    const at = random.below(bytes.length);
    const length = 1 + random.below(Math.min(256, bytes.length - at));
    return random.below(2) === 0
      ? splice(bytes, { at, remove: 0, put: bytes.subarray(at, at + length) })
      : splice(bytes, { at, remove: length, put: new Uint8Array() });
  },
  // The front of one input, the back of another.
  (bytes, random, inputs) => {
    const other = pick(inputs, random);
    const tail = other.subarray(random.below(other.length + 1));
    return splice(bytes, { at: random.below(bytes.length), remove: bytes.length, put: tail });
  },
];

const TEXT_CHANGES: readonly Change[] = [
  // Another value for a number or a word.
  (bytes, random) =>
    onText(bytes, (text) => replaceOne(text, /-?\d+(\.\d+)?|\b\w+\b/g, pick(TEXT_EDGES, random), random)),
  // Lines doubled, removed or swapped.
  (bytes, random) =>
    onText(bytes, (text) => {
      const lines = text.split("\n");
      const [a, b] = [random.below(lines.length), random.below(lines.length)];
      const kind = random.below(3);
      if (kind === 0) lines.splice(a, 0, lines[b]!);
      else if (kind === 1) lines.splice(a, 1);
      else [lines[a], lines[b]] = [lines[b]!, lines[a]!];
      return lines.join("\n");
    }),
  // A bracket, quote or separator too many or too few.
  (bytes, random) => onText(bytes, (text) => replaceOne(text, /[[\]{}",:]/g, random.below(2) ? "" : '"', random)),
  // A fragment.
  (bytes, random) =>
    onText(bytes, (text) => {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + pick(FRAGMENTS, random) + text.slice(at);
    }),
  // Deep nesting.
  (bytes, random) => onText(bytes, (text) => replaceOne(text, /\d+/g, "[".repeat(5000) + "]".repeat(5000), random)),
];

function onText(bytes: Uint8Array, change: (text: string) => string): Uint8Array {
  return new TextEncoder().encode(change(new TextDecoder().decode(bytes)));
}

function replaceOne(text: string, pattern: RegExp, value: string, random: SeededRandom): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { index, 0: whole } = pick(found, random);
  return text.slice(0, index) + value + text.slice(index + whole.length);
}

function splice(bytes: Uint8Array, { at, remove, put }: { at: number; remove: number; put: Uint8Array }): Uint8Array {
  const tail = bytes.subarray(Math.min(bytes.length, at + remove));
  const result = new Uint8Array(at + put.length + tail.length);
  result.set(bytes.subarray(0, at));
  result.set(put, at);
  result.set(tail, at + put.length);
  return result;
}

function pick<T>(items: readonly T[], random: SeededRandom): T {
  return items[random.below(items.length)]!;
}
