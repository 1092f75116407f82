/**
 * Scopes, from which networks obtain their parameters.
 *
 * A network is one function that requests its parameters from a {@link Scope} by name. Run on a declaring scope, it
 * lists them with shapes and initial distributions; run on a bound scope, it builds the graph. Names are those of the
 * authors' PyTorch state_dict, so that files can be exchanged.
 *
 * @module
 */
import { input, type Shape, type State, type Tensor } from "../../runtime/mod.ts";

/**
 * The layout of a tensor in files, relative to the engine's: conv weights are OIHW in files and HWIO here,
 * transposed-conv weights IOHW there and HWIO here; those of one dimension have no height there (OIW, IOW) and one of 1
 * here; everything else is the same.
 */
export type FileLayout = "same" | "conv" | "conv-transpose" | "conv1d" | "conv-transpose1d";

/**
 * Initial distribution: zeros, ones, another constant, normal with mean zero and standard deviation 1 by default
 * (PyTorch's default for embeddings), or uniform in +-1/sqrt(fanIn) (its default for linear and conv layers).
 */
export type Initializer =
  | { readonly kind: "zeros" }
  | { readonly kind: "ones" }
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly deviation?: number }
  | { readonly kind: "uniform"; readonly fanIn: number };

/** One tensor of a model's state. */
export interface ParameterSpec {
  /** Full name, for example `encoders.0.feature_extractor.weight`. */
  readonly name: string;
  /** Shape in the engine's layout. */
  readonly shape: Shape;
  /** How the axes are ordered in files. */
  readonly layout: FileLayout;
  /** Distribution of the initial values. */
  readonly initializer: Initializer;
  /** False for running statistics, which are part of the state but not trained. */
  readonly trained: boolean;
}

/** Looks up the state of a parameter by its full name. */
export type ParameterSource = (name: string) => State;

interface Shared {
  readonly training: boolean;
  readonly source: ParameterSource | undefined;
  readonly declared: Map<string, ParameterSpec>;
  /** Placeholders of a declaring scope. */
  readonly placeholders: Map<string, Tensor>;
  /** Whether the parameters of a name are trained; all are if left out. */
  readonly isTrained?: (name: string) => boolean;
}

/** A node in the tree of a model's parameters. */
export class Scope {
  private constructor(
    /** Full name of this place, without a trailing dot; empty at the root. */
    readonly path: string,
    private readonly shared: Shared,
  ) {}

  /** A scope that only lists the parameters that a network requests. */
  static declaring(): Scope {
    return new Scope("", { training: false, source: undefined, declared: new Map(), placeholders: new Map() });
  }

  /** A scope whose parameters have values. */
  static bound(source: ParameterSource, options: { training: boolean }): Scope {
    return new Scope("", { training: options.training, source, declared: new Map(), placeholders: new Map() });
  }

  /** Whether dropout drops and batch norm uses the batch's own statistics. */
  get training(): boolean {
    return this.shared.training && (this.shared.isTrained?.(`${this.path}.`) ?? true);
  }

  /** True while parameters are only listed. */
  get declaring(): boolean {
    return this.shared.source === undefined;
  }

  /** All parameters requested so far, in order. */
  get specs(): ParameterSpec[] {
    return [...this.shared.declared.values()];
  }

  /**
   * The same scope, in which some parameters are fixed: they belong to the state and are not trained, and their layers
   * act as in evaluation.
   *
   * @param isTrained Whether a parameter is trained, by its full name, or a layer, by its full name and a dot.
   */
  withTrained(isTrained: (name: string) => boolean): Scope {
    return new Scope(this.path, { ...this.shared, isTrained });
  }

  /** A child scope. */
  child(name: string): Scope {
    return new Scope(this.path ? `${this.path}.${name}` : name, this.shared);
  }

  /** The symbolic tensor of a parameter. */
  parameter(name: string, spec: Omit<ParameterSpec, "name" | "trained">): Tensor {
    const full = this.path ? `${this.path}.${name}` : name;
    return this.#ask(name, { ...spec, trained: this.shared.isTrained?.(full) ?? true });
  }

  /** The symbolic tensor of a state that is saved with the model but not trained, such as running statistics. */
  buffer(name: string, spec: Omit<ParameterSpec, "name" | "trained">): Tensor {
    return this.#ask(name, { ...spec, trained: false });
  }

  /**
   * The random stream of this scope: an FNV-1a hash of its full name, so that adding a layer elsewhere does not change
   * other layers' numbers.
   */
  stream(name: string): number {
    let hash = 0x811c9dc5;
    for (const unit of `${this.path}.${name}`) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193) >>> 0;
    return hash;
  }

  #ask(name: string, spec: Omit<ParameterSpec, "name">): Tensor {
    const full = this.path ? `${this.path}.${name}` : name;
    const { source, declared, placeholders } = this.shared;
    declared.set(full, { name: full, ...spec });
    if (source) return source(full).tensor;
    let placeholder = placeholders.get(full);
    if (!placeholder) {
      placeholder = input(full, { shape: spec.shape });
      placeholders.set(full, placeholder);
    }
    return placeholder;
  }
}
