/**
 * What the evaluation of a run is given.
 *
 * @module
 */
import type { Device } from "../../runtime/mod.ts";
import type { RunData } from "../../training/data/run_data.ts";
import type { CheckpointChoice } from "../../training/run/run_checkpoint.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import type { LatentEvaluation } from "../protocol/evaluate_latents.ts";
import type { LatentsMemory } from "./latents_memory.ts";

/** Options of `evaluateRun()`. */
export interface EvaluateRunOptions
  extends Pick<LatentEvaluation, "probe" | "labelledFractions" | "probeSeeds" | "bootstrap" | "workers"> {
  /** The configuration of the run. */
  readonly config: RunConfig;
  /** Folder of the run. */
  readonly directory: string;
  /** The data, opened by `openRunData()`. */
  readonly data: RunData;
  /** The device to work on. */
  readonly device: Device;
  /**
   * Also evaluate the encoders with their initial, random parameters, as a baseline for what the probe alone achieves.
   */
  readonly untrained?: boolean;
  /**
   * Also evaluate all `FLOORS`: view position, pixel PCA, shuffled labels, and the untrained encoders.
   */
  readonly floors?: boolean;
  /**
   * Also measure reconstructions, translations and samples; with `decoded` only the first two. A judge of its own is
   * trained in the folder `judge` of the run's, unless another run is given.
   */
  readonly generative?: boolean | "decoded" | undefined;
  /** The folder and configuration of a run of `supervised` that judges generated images. */
  readonly judge?: { readonly config: RunConfig; readonly directory: string } | undefined;
  /** Store pictures (reconstructions and translations of test pairs), unless they show patients. */
  readonly pictures?: boolean;
  /**
   * Checks that the named images are the phantoms that their folder claims. Without it, pictures are kept only of data
   * sets whose reader generates the images, or that the run's configuration trusts.
   */
  readonly arePhantoms?: (names: readonly string[]) => Promise<boolean>;
  /** Which checkpoint to evaluate, the last one by default. */
  readonly checkpoint?: CheckpointChoice;
  /** Latents of this run that earlier measurements encoded, and for later ones. */
  readonly memory?: LatentsMemory | undefined;
  /** Seconds by stage so far. */
  readonly seconds?: Readonly<Record<string, number>>;
  /** Command lines that reproduce the run. */
  readonly commands: readonly string[];
  /** Versions of software to record with the results. */
  readonly versions: Readonly<Record<string, string>>;
  /** Called with the progress. */
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  /** Called with each warning, one sentence. */
  readonly onWarning?: (message: string) => void;
  /** Aborted to stop. */
  readonly signal?: AbortSignal;
}
