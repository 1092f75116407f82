/**
 * The context of an experiment that a command line asks for.
 *
 * @module
 */
import { isDigits } from "../../data/mod.ts";
import {
  type Base,
  baseOf,
  type ExperimentContext,
  type PhantomVariant,
  type ScaleName,
} from "../../experiments/mod.ts";
import { UsageError } from "../terminal/errors.ts";
import { freshPhantoms, phantomsOf } from "./experiment_phantoms.ts";
import { type PhantomChoice, phantomRoot } from "./phantom_data.ts";

/** What determines an experiment's context. */
export interface ContextValues {
  readonly dataset: Base["dataset"];
  /** Folder of the data. */
  readonly data?: string | undefined;
  readonly scale: ScaleName;
  /** Number of new phantoms to score on. */
  readonly fresh?: number | undefined;
  /** Number of seeds to use: the scale's first ones, or with a larger number others after them. */
  readonly seeds?: number | undefined;
  /** The only seed to use, which need not be one of the scale's. */
  readonly seed?: number | undefined;
}

/** The context, and the phantoms that its bases name, by their folder. */
export interface PlannedContext {
  readonly context: ExperimentContext;
  /** Filled as bases are asked for. */
  readonly drawn: ReadonlyMap<string, PhantomChoice>;
}

/** Creates the context. */
export function contextOf(values: ContextValues): PlannedContext {
  const { scale, dataset, data } = values;
  const drawn = new Map<string, PhantomChoice>();
  const named = (choice: PhantomChoice | undefined): string | undefined => {
    if (choice === undefined) return undefined;
    drawn.set(phantomRoot(choice), choice);
    return phantomRoot(choice);
  };
  const make = (
    wanted: Base["dataset"],
    { folder, variant = {} }: { folder?: string | undefined; variant?: PhantomVariant },
  ) => {
    const root = folder ?? named(phantomsOf(wanted, { scale, variant })?.drawn);
    if (root === undefined && !isDigits(wanted)) throw new UsageError(`--dataset ${wanted} needs --data DIR`);
    const test = named(freshPhantoms(wanted, { values, root: folder, variant }));
    const base = baseOf(wanted, { scale, root, ...(test === undefined ? {} : { test: { root: test } }) });
    return { ...base, seeds: seedsOf(base.seeds, values) };
  };
  const context: ExperimentContext = {
    scale,
    base: make(dataset, { folder: data }),
    on: (wanted) => make(wanted, {}),
    ...(dataset === "phantoms" && data === undefined
      ? { phantoms: (variant: PhantomVariant) => make(dataset, { variant }) }
      : {}),
  };
  return { context, drawn };
}

/**
 * The seeds that were asked for, by default the scale's, which are the first ones. There may be more where the scale's
 * leave the order of methods open.
 */
function seedsOf(all: readonly number[], { seeds, seed }: ContextValues): readonly number[] {
  if (seed === undefined) return Array.from({ length: seeds ?? all.length }, (_, i) => i + 1);
  if (seeds !== undefined) throw new UsageError("--seed and --seeds exclude each other: give one of them");
  return [seed];
}
