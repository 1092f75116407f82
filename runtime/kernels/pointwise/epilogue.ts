/**
 * What becomes of a kernel's results before they are stored: a chain of pointwise ops over the space of its output, as a part of its text.
 *
 * The kernel's template calls `finish()` where it would store a result, and is filled in with
 * - `OUTPUTS`: declarations of the buffers that the chain reads and writes, from a given binding on, and of these functions:
 *   - `fixed_at(n, c) -> Fixed`: loads what is the same for many results. A kernel calls it once for all results of a channel (or, with
 *     `perImage`, of an image and channel): on Vulkan on the CPU a load in a loop is dear;
 *   - `finish(value, i, n, y, x, c, fixed)`: evaluates the chain for the element (or vector of channels) at image n, row y, column x and
 *     channel c, the i-th of the output, and stores the results;
 * - `PARAMS`: the binding of the kernel's uniforms, a struct `Params` in the variable `p`;
 * - `EXTRA`: the struct's last member.
 *
 * Without a chain `finish()` stores the value. Arithmetic and its order are those of the chain as a kernel of its own.
 *
 * @module
 */
import type { Binding } from "../kernel.ts";
import {
  axesOf,
  type Epilogue,
  inputLoads,
  planVectors,
  stepFunctions,
  stepStatements,
  UniformWriter,
} from "./expression.ts";
import { typeAliases } from "./functions.ts";

/** What a kernel is filled in with. */
export interface EpilogueParts {
  /** Values for the kernel's template. */
  readonly values: { readonly OUTPUTS: string; readonly PARAMS: number; readonly EXTRA: string };
  /** Bindings, to follow the kernel's own. */
  readonly bindings: readonly Binding[];
  /** Loads and stores in the text for each call of `finish()`: each costs milliseconds of compilation on Vulkan on the CPU. */
  readonly accesses: number;
  /** Puts the chain's numbers behind the kernel's own uniforms. */
  uniforms(own: readonly number[]): number[];
}

/** How the kernel stores. */
export interface EpilogueSite {
  /** Bindings of the kernel before its outputs. */
  readonly bound: number;
  /** Inputs of the op before those of the chain. */
  readonly inputs: number;
  /** Type of a result where there is no chain: 4 for `vec4f`, 1 for `f32`. */
  readonly width: 1 | 4;
  /** True if the kernel asks for what is fixed once for each image and channel, not for each channel. */
  readonly perImage?: boolean;
}

/** What stands for the loads of a chain that has none to do once for many results. */
const NOTHING_FIXED = ["alias Fixed = u32;", "fn fixed_at(n: u32, c: u32) -> Fixed { return 0u; }"];

/** The text of an epilogue, or of a plain store. */
export function epilogueParts(epilogue: Epilogue | undefined, site: EpilogueSite): EpilogueParts {
  const { bound, width } = site;
  const outputs = epilogue ? epilogue.outputs.length : 1;
  const declared = (i: number, [access, name, type]: readonly [string, string, string]) =>
    `@group(0) @binding(${bound + i}) var<storage, ${access}> ${name}: array<${type}>;`;
  const stored = Array.from({ length: outputs }, (_, k) => declared(k, ["read_write", `out${k}`, "T"]));
  const aliases = typeAliases(width);
  const signature = "fn finish(x0: T, i: u32, n: u32, y: u32, x: u32, c: u32, fixed: Fixed)";
  if (!epilogue) {
    const text = [...aliases, ...stored, ...NOTHING_FIXED];
    return {
      values: {
        OUTPUTS: [...text, `${signature} { out0[i] = x0; }`].join("\n"),
        PARAMS: bound + 1,
        EXTRA: "",
      },
      bindings: [{ output: 0 }],
      accesses: 1,
      uniforms: (own) => [...own],
    };
  }
  const chain = chainText(epilogue, site);
  const others = epilogue.expression.inputs.length - 1;
  const inputs = Array.from({ length: others }, (_, i) => {
    const type = chain.vectors.vectorInputs[i + 1] ? "vec4f" : "f32";
    return declared(outputs + i, ["read", `in${i + 1}`, type]);
  });
  const words = Math.ceil(chain.words.length / 4);
  return {
    values: {
      OUTPUTS: [
        ...aliases,
        ...stepFunctions(epilogue.expression),
        ...stored,
        ...inputs,
        ...chain.fixed,
        `${signature} {`,
        ...chain.body,
        "}",
      ].join("\n"),
      PARAMS: bound + outputs + others,
      EXTRA: words ? `extra: array<vec4u, ${words}>,` : "",
    },
    bindings: [
      ...Array.from({ length: outputs }, (_, k) => ({ output: k })),
      ...Array.from({ length: others }, (_, i) => ({ input: site.inputs + i })),
    ],
    accesses: outputs + chain.moving,
    uniforms: (own) => [...padded(own), ...chain.words],
  };
}

function chainText({ expression, outputs }: Epilogue, { perImage = false, width }: EpilogueSite) {
  const axes = axesOf(expression);
  const vectors = planVectors(axes);
  if (vectors.width !== width) {
    throw new TypeError(`an epilogue of ${vectors.width} channels cannot follow a kernel of ${width}`);
  }
  const uniforms = new UniformWriter("p.extra");
  const loads = inputLoads({ axes, vectors, coordinates: ["n", "y", "x", "c"], flat: "i", uniforms });
  const [, height, width_] = axes;
  // The value itself is not loaded; the same for a channel is what neither row nor column nor, but where asked, the image matters to.
  const isFixed = (input: number) =>
    height!.strides[input] === 0 && width_!.strides[input] === 0 && (perImage || axes[0]!.strides[input] === 0);
  const others = expression.inputs.map((_, i) => i).slice(1);
  const fixed = others.filter(isFixed);
  const moving = others.filter((i) => !isFixed(i));
  const members = fixed.map((i) => `x${i}`);
  return {
    vectors,
    moving: moving.length,
    fixed: members.length
      ? [
        `struct Fixed { ${members.map((name) => `${name}: T,`).join(" ")} }`,
        "fn fixed_at(n: u32, c: u32) -> Fixed {",
        ...inputLoads({ axes, vectors, coordinates: ["n", "0u", "0u", "c"], uniforms }).filter((_, i) =>
          fixed.includes(i)
        ),
        `return Fixed(${members.join(", ")});`,
        "}",
      ]
      : NOTHING_FIXED,
    body: [
      ...members.map((name) => `let ${name} = fixed.${name};`),
      ...loads.filter((_, i) => moving.includes(i)),
      ...stepStatements(expression, uniforms),
      ...outputs.map((step, k) => `out${k}[i] = t${step};`),
    ],
    words: uniforms.words,
  };
}

/** Arrays of vectors in uniforms begin at multiples of 16 bytes. */
function padded(words: readonly number[]): number[] {
  return [...words, ...new Array<number>((4 - words.length % 4) % 4).fill(0)];
}
