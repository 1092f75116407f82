/**
 * Epilogues: chains of pointwise ops over a kernel's output that the kernel evaluates before it stores.
 *
 * The kernel's body calls `finish()` where it would store a result. It gets
 * - `fixed_at(n, c) -> Fixed`, which loads what is the same for many results. A kernel calls it once for all results
 *   of a channel (with `perImage`, of an image and channel), because a load in a loop is expensive on lavapipe;
 * - `finish(value, i, n, y, x, c, fixed) -> T`, which evaluates the chain for the element (or vector of channels) at
 *   image n, row y, column x and channel c, the i-th of the output, stores the results and returns one of them.
 *
 * Without a chain `finish()` stores the value. Arithmetic and its order are those of the chain as a kernel of its own.
 *
 * @module
 */
import type { KernelValues } from "../expand.ts";
import type { Operands } from "../operands.ts";
import type { Uniforms } from "../uniforms.ts";
import {
  axesOf,
  type Epilogue,
  inputLoads,
  inputOperands,
  outputOperands,
  planVectors,
  stepFunctions,
  stepStatements,
  stores,
  UniformWriter,
} from "./expression.ts";
import { typeAliases } from "./functions.ts";

/** What an epilogue adds to a kernel. */
export interface EpilogueParts {
  /** The functions that the body calls. */
  readonly code: string;
  readonly values: KernelValues;
  readonly uniforms: Uniforms;
  readonly operands: Operands;
  /** Loads and stores in the text for each call of `finish()`: each costs milliseconds of compilation on lavapipe. */
  readonly accesses: number;
}

/** How the kernel stores. */
export interface EpilogueSite {
  /** Inputs of the op before those of the chain. */
  readonly inputs: number;
  /** Channels of a result: 4 for `vec4f`, 1 for `f32`. */
  readonly width: 1 | 4;
  /** True if the kernel asks for what is fixed once for each image and channel, not for each channel. */
  readonly perImage?: boolean;
  /** The output whose value `finish()` returns, 0 by default. */
  readonly returned?: number;
  /** False if `finish()` only returns the value, without a chain; true by default. */
  readonly stores?: boolean;
}

/** What stands for the loads of a chain that has none to do once for many results. */
const NOTHING_FIXED = ["alias Fixed = u32;", "fn fixed_at(n: u32, c: u32) -> Fixed { return 0u; }"];

const SIGNATURE = "fn finish(x0: T, i: u32, n: u32, y: u32, x: u32, c: u32, fixed: Fixed) -> T";

/** The functions of an epilogue, or of a plain store. */
export function epilogueParts(epilogue: Epilogue | undefined, site: EpilogueSite): EpilogueParts {
  const values = typeAliases(site.width);
  if (!epilogue) {
    const outputs = site.stores === false ? 0 : 1;
    return {
      code: [...NOTHING_FIXED, `${SIGNATURE} { ${outputs ? "out0_put(i, x0); " : ""}return x0; }`].join("\n"),
      values,
      uniforms: {},
      operands: outputOperands(outputs, site.width),
      accesses: outputs,
    };
  }
  const { expression, outputs } = epilogue;
  const chain = chainText(epilogue, site);
  return {
    code: [
      ...stepFunctions(expression),
      ...chain.fixed,
      `${SIGNATURE} {`,
      ...chain.body,
      `return t${outputs[site.returned ?? 0]};`,
      "}",
    ].join("\n"),
    values,
    uniforms: chain.uniforms,
    operands: {
      ...outputOperands(outputs.length, site.width),
      // The chain's first input is what the kernel computes.
      ...inputOperands(chain.vectors, (i) => i > 0 ? { input: site.inputs + i - 1 } : undefined),
    },
    accesses: outputs.length + chain.moving,
  };
}

function chainText({ expression, outputs }: Epilogue, { perImage = false, width }: EpilogueSite) {
  const axes = axesOf(expression);
  const vectors = planVectors(axes);
  if (vectors.width !== width) {
    throw new TypeError(`an epilogue of ${vectors.width} channels cannot follow a kernel of ${width}`);
  }
  const writer = new UniformWriter("e");
  const loads = inputLoads({ axes, vectors, coordinates: ["n", "y", "x", "c"], flat: "i", uniforms: writer });
  const [images, rows, columns] = axes;
  const isFixed = (input: number) =>
    rows!.strides[input] === 0 && columns!.strides[input] === 0 && (perImage || images!.strides[input] === 0);
  const others = expression.inputs.map((_, i) => i).slice(1);
  const fixed = others.filter(isFixed);
  const moving = others.filter((i) => !isFixed(i));
  const members = fixed.map((i) => `x${i}`);
  const fixedLoads = members.length
    ? inputLoads({ axes, vectors, coordinates: ["n", "0u", "0u", "c"], uniforms: writer })
    : [];
  return {
    vectors,
    moving: moving.length,
    fixed: members.length
      ? [
        `struct Fixed { ${members.map((name) => `${name}: T,`).join(" ")} }`,
        "fn fixed_at(n: u32, c: u32) -> Fixed {",
        ...fixedLoads.filter((_, i) => fixed.includes(i)),
        `return Fixed(${members.join(", ")});`,
        "}",
      ]
      : NOTHING_FIXED,
    body: [
      ...members.map((name) => `let ${name} = fixed.${name};`),
      ...loads.filter((_, i) => moving.includes(i)),
      ...stepStatements(expression, writer),
      ...stores(outputs),
    ],
    uniforms: writer.uniforms,
  };
}
