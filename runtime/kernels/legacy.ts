/**
 * Kernels that declare their bindings themselves, until all are moved.
 *
 * @module
 */
import { halfFault, withHalf } from "./half.ts";
import type { Dispatch } from "./kernel.ts";
import type { Binding, LegacyParts, Operand } from "./operands.ts";
import { TEXEL_ROW } from "./texels.ts";

export type LegacyDispatch = Omit<Dispatch, "uniforms" | "operands" | "values" | "lanes" | "legacy"> & LegacyParts & {
  readonly bindings: readonly Binding[];
  readonly texels?: readonly Binding[];
};

export function legacy(dispatch: LegacyDispatch): Dispatch {
  const { constants, uniforms, texelWords, bindings, texels = [], ...rest } = dispatch;
  const access = accessOf(dispatch.code);
  const operands: Record<string, Operand> = {};
  bindings.forEach((buffer, i) => {
    operands[`b${i}`] = {
      buffer,
      access: access[i]!,
      type: "f32",
      raw: halfFault(dispatch.code, i) !== undefined,
    };
  });
  texels.forEach((buffer, i) => operands[`t${i}`] = { buffer, access: "read", type: "vec4f", texels: true });
  return {
    ...rest,
    operands,
    legacy: {
      ...(constants ? { constants } : {}),
      ...(uniforms ? { uniforms } : {}),
      ...(texelWords ? { texelWords } : {}),
    },
  };
}

const declaredAccess = new Map<string, ("read" | "read_write")[]>();

function accessOf(code: string): readonly ("read" | "read_write")[] {
  let found = declaredAccess.get(code);
  if (!found) {
    found = [];
    for (const [, index, access] of code.matchAll(/@binding\((\d+)\)\s*var<storage,\s*(read_write|read)>/g)) {
      found[Number(index)] = access as "read" | "read_write";
    }
    declaredAccess.set(code, found);
  }
  return found;
}

export function legacyUniforms(parts: LegacyParts, rows: readonly number[]): Uint8Array<ArrayBuffer> | undefined {
  const { uniforms, texelWords = [] } = parts;
  if (!uniforms) return undefined;
  const words = new Uint32Array(Math.max(4, Math.ceil(uniforms.length / 4) * 4));
  words.set(uniforms);
  texelWords.forEach((at, i) => words[at] = (rows[i] ?? 0) * TEXEL_ROW);
  return new Uint8Array(words.buffer);
}

export function legacyText(
  dispatch: Dispatch,
  bound: {
    access: readonly ("read" | "read_write")[];
    halves: { storage: readonly boolean[]; texels: readonly boolean[] };
  },
): string {
  const { code, kernel } = dispatch;
  const { access, halves: { storage, texels } } = bound;
  const text = withHalf(code, { kernel, halves: { bindings: storage, texels } });
  return text.replace(
    /@binding\((\d+)\)(\s*)var<storage,\s*read(?:_write)?>/g,
    (text, index: string, space: string) => {
      const mode = access[Number(index)];
      return mode ? `@binding(${index})${space}var<storage, ${mode}>` : text;
    },
  );
}
