/**
 * Chains of pointwise ops as WGSL text: the part that fused pointwise kernels and reductions with a fused prologue
 * share.
 *
 * An {@link Expression} is evaluated once for every index of its iteration space. Axes are first **collapsed**: axes of
 * size one vanish, and neighbours that every input treats alike (all present, or all broadcast) become one axis, so
 * that a chain over [8, 64, 64, 32] with a [32] bias is two axes, [32768, 32], whatever it was before. Sizes, strides
 * and constants go into a uniform buffer and not into the text: one pipeline serves every shape with the same pattern.
 *
 * @module
 */
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { type Binding, floats, type Operand, type Operands, reads, writes } from "../operands.ts";
import { f32, type Uniform } from "../uniforms.ts";
import { distinctFunctions } from "./functions.ts";

/**
 * Where an argument of a step comes from: an input of the kernel, an earlier step, or a number known at compile time.
 */
export type Reference = { readonly input: number } | { readonly step: number } | { readonly fill: number };

/** One pointwise op. */
export interface Step {
  /** Where the arguments come from. */
  readonly args: readonly Reference[];
  /** WGSL functions that the expression calls, see `functions.ts`. */
  readonly functions?: readonly string[];
  /** The WGSL expression from the names of its arguments. */
  expression(args: readonly string[], constant: (value: number) => string): string;
}

/** A chain of pointwise ops over one iteration space. */
export interface Expression {
  /** Shape of the iteration space. */
  readonly shape: Shape;
  /** Shapes of the inputs, each broadcastable to `shape`. */
  readonly inputs: readonly Shape[];
  /** The ops, in order; a step may use the values of earlier ones. */
  readonly steps: readonly Step[];
}

/** A chain that a kernel ends with. */
export interface Epilogue {
  /** The chain, over [N, H, W, C]; input 0 is what the kernel computes. */
  readonly expression: Expression;
  /** Steps whose values are stored, in the order of the op's outputs. */
  readonly outputs: readonly number[];
}

/** One axis of a collapsed iteration space. */
export interface CollapsedAxis {
  readonly size: number;
  /** Whether it is summed over (reductions only). */
  readonly reduced: boolean;
  /** Per input: elements to skip for one step along the axis, 0 where it is broadcast. */
  readonly strides: readonly number[];
}

/**
 * Collapses the iteration space.
 *
 * @param options.reduced Axes that are reduced; they merge only with each other.
 * @returns At least one axis; the last one varies fastest.
 */
export function collapseAxes(expression: Expression, options: { reduced?: readonly number[] } = {}): CollapsedAxis[] {
  const { shape, inputs } = expression;
  const reducedAxes = new Set(options.reduced ?? []);
  const strides = inputs.map((input) => broadcastStrides(input, shape));
  const axes: CollapsedAxis[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis] ?? 1;
    if (size === 1) continue;
    const reduced = reducedAxes.has(axis);
    const here = strides.map((stride) => stride[axis] ?? 0);
    const last = axes.at(-1);
    const mergeable = last?.reduced === reduced && here.every((stride, i) => last.strides[i] === stride * size);
    if (last && mergeable) axes[axes.length - 1] = { size: last.size * size, reduced, strides: here };
    else axes.push({ size, reduced, strides: here });
  }
  if (axes.length === 0) axes.push({ size: 1, reduced: false, strides: inputs.map(() => 0) });
  return axes;
}

/** The axes of an expression as they are, none merged or left out. */
export function axesOf({ shape, inputs }: Expression): CollapsedAxis[] {
  const strides = inputs.map((input) => broadcastStrides(input, shape));
  return shape.map((size, axis) => ({ size, reduced: false, strides: strides.map((each) => each[axis] ?? 0) }));
}

function broadcastStrides(input: Shape, shape: Shape): number[] {
  const result: number[] = new Array(shape.length).fill(0);
  let stride = 1;
  for (let axis = input.length - 1; axis >= 0; axis--) {
    const size = input[axis] ?? 1;
    if (size !== 1) result[shape.length - input.length + axis] = stride;
    stride *= size;
  }
  return result;
}

/** Collects a generated kernel's uniforms, and gives the WGSL that reads each of them. */
export class UniformWriter {
  readonly uniforms: Record<string, Uniform> = {};
  readonly #floats = new Map<string, string>();
  #count = 0;

  /** @param prefix Of the uniforms' names: `u0`, `u1`, ... */
  constructor(private readonly prefix = "u") {}

  /** An unsigned integer: each one is a uniform of its own, so that shapes share a text. */
  integer(value: number): string {
    return this.#add(value);
  }

  /** A float; equal ones share a uniform. */
  float(value: number): string {
    const key = Object.is(value, -0) ? "-0" : `${value}`;
    const found = this.#floats.get(key) ?? this.#add(f32(value));
    this.#floats.set(key, found);
    return found;
  }

  #add(uniform: Uniform): string {
    const name = `${this.prefix}${this.#count++}`;
    this.uniforms[name] = uniform;
    return `p.${name}`;
  }
}

/** How wide a load is, and from where; see {@link inputLoads}. */
export interface VectorPlan {
  /** 4 when every access along the last axis is a whole `vec4f`, 1 otherwise. */
  readonly width: 1 | 4;
  /** Per input: whether it is bound as `array<vec4f>` (otherwise `array<f32>`, splatted when the width is 4). */
  readonly vectorInputs: readonly boolean[];
}

/** Chooses the vector width for collapsed axes. */
export function planVectors(axes: readonly CollapsedAxis[]): VectorPlan {
  const last = axes.at(-1);
  const inputs = last?.strides.length ?? 0;
  if (!last || last.size % 4 !== 0) return { width: 1, vectorInputs: new Array(inputs).fill(false) };
  // A row of an input that is not broadcast along the last axis is contiguous, hence starts at a multiple of its size:
  // of 4.
  return { width: 4, vectorInputs: last.strides.map((stride) => stride === 1) };
}

/**
 * WGSL statements `let x0: T = ...;` that load every input at an index.
 *
 * @param coordinates Name of the coordinate along each axis (the last one counted in vectors), or `undefined` where it
 * is constant 0.
 * @param flat Name of the flat index, in vectors, for inputs that are as large as the iteration space.
 */
export function inputLoads(
  options: {
    axes: readonly CollapsedAxis[];
    vectors: VectorPlan;
    coordinates: readonly string[];
    flat?: string;
    uniforms: UniformWriter;
  },
): string[] {
  const { axes, vectors, coordinates, flat, uniforms } = options;
  const count = axes[0]?.strides.length ?? 0;
  const lines: string[] = [];
  for (let i = 0; i < count; i++) {
    const vector = vectors.vectorInputs[i] ?? false;
    const full = axes.every((axis) => axis.strides[i] !== 0 || axis.size === 1);
    let index: string;
    if (full && flat) {
      index = flat;
    } else {
      const terms: string[] = [];
      axes.forEach((axis, a) => {
        const stride = axis.strides[i] ?? 0;
        if (stride === 0) return;
        const step = a === axes.length - 1 ? 1 : vector ? stride / 4 : stride;
        terms.push(step === 1 ? `${coordinates[a]}` : `${coordinates[a]} * ${uniforms.integer(step)}`);
      });
      index = terms.length ? terms.join(" + ") : "0u";
    }
    lines.push(`let x${i} = ${vector || vectors.width === 1 ? `in${i}_at(${index})` : `T(in${i}_at(${index}))`};`);
  }
  return lines;
}

/** WGSL statements `let t0: T = ...;` for every step; the last one's name is `t<steps - 1>`. */
export function stepStatements(expression: Expression, uniforms: UniformWriter): string[] {
  const name = (reference: Reference) =>
    "input" in reference
      ? `x${reference.input}`
      : "step" in reference
      ? `t${reference.step}`
      : `T(${uniforms.float(reference.fill)})`;
  return expression.steps.map((step, i) => {
    const text = step.expression(step.args.map(name), (value) => `T(${uniforms.float(value)})`);
    return `let t${i}: T = ${text};`;
  });
}

/** The functions that the steps call, each once. */
export function stepFunctions({ steps }: Expression): string[] {
  return distinctFunctions(steps.map(({ functions }) => functions));
}

/**
 * The inputs as operands `in0`, `in1`, ...
 *
 * @param bindingOf Where an input lies; those without a place are left out.
 */
export function inputOperands(
  vectors: VectorPlan,
  bindingOf: (input: number) => Binding | undefined,
  options: { texels?: (input: number) => boolean } = {},
): Operands {
  const named = vectors.vectorInputs.flatMap((vector, i): [string, Operand][] => {
    const binding = bindingOf(i);
    const texels = vector && (options.texels?.(i) ?? false);
    return binding ? [[`in${i}`, reads(binding, floats(vector ? 4 : 1), texels ? { texels } : {})]] : [];
  });
  return Object.fromEntries(named);
}

/** The outputs `out0`, `out1`, ... */
export function outputOperands(count: number, width: 1 | 4): Operands {
  const named = Array.from({ length: count }, (_, output) => [`out${output}`, writes({ output }, floats(width))]);
  return Object.fromEntries(named);
}

/** Statements that store steps' values at the index `i`. */
export function stores(outputs: readonly number[]): string[] {
  return outputs.map((step, k) => `out${k}_put(i, t${step});`);
}

/**
 * Statements that split a flat index into coordinates along some axes, the last one fastest.
 *
 * @param options.sizes Size of each axis, in vectors for the last one of the whole space.
 * @param options.names Names of the coordinates that are declared.
 */
export function splitIndex(
  options: { index: string; sizes: readonly number[]; names: readonly string[]; uniforms: UniformWriter },
): string[] {
  const { index, sizes, names, uniforms } = options;
  const lines: string[] = [];
  let rest = index;
  for (let axis = sizes.length - 1; axis > 0; axis--) {
    const size = uniforms.integer(sizes[axis] ?? 1);
    lines.push(`let ${names[axis]} = ${rest} % ${size};`);
    lines.push(`let ${names[axis]}q = ${rest} / ${size};`);
    rest = `${names[axis]}q`;
  }
  if (sizes.length > 0) lines.push(`let ${names[0]} = ${rest};`);
  return lines;
}

/** Number of elements of the iteration space. */
export function expressionSize(expression: Expression): number {
  return sizeOf(expression.shape);
}
