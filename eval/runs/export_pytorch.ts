/**
 * Exports a run's VAE to PyTorch: a state_dict as safetensors, and Python source that loads it.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { evaluatedState, type HostTensor, methodKind, methodOf, privateDimOf } from "../../models/mod.ts";
import { encodeSafetensors } from "../../runtime/mod.ts";
import { type CheckpointChoice, restoreRun } from "../../training/run/run_checkpoint.ts";
import type { RunConfig } from "../../training/run/run_config.ts";
import { runPaths } from "../../training/run/run_directory.ts";
import { PYTORCH_NETWORKS, pytorchSource } from "./pytorch_source.ts";

/** A file to be written. */
export interface ExportedFile {
  /** Its name. */
  readonly name: string;
  /** Its content. */
  readonly content: string | Uint8Array<ArrayBuffer>;
}

const WEIGHTS = "model.safetensors";

/**
 * The files of a run's last checkpoint for PyTorch: the parameters and running statistics without the optimiser's
 * state, by the names of the authors' state_dict, and `model.py`. Needs neither data nor a GPU.
 *
 * @param run.views Names of the views in the order of their encoders, if they are known.
 * @throws {DataError} if the run has no checkpoint, or is not a VAE of images with a network of this project.
 */
export async function exportPytorch(run: {
  config: RunConfig;
  directory: string;
  views?: readonly string[];
  /** Which checkpoint, the last one by default. */
  checkpoint?: CheckpointChoice;
  onWarning?: (message: string) => void;
}): Promise<ExportedFile[]> {
  const { config, directory, onWarning } = run;
  requireExportable(config, directory);
  let state: ReadonlyMap<string, HostTensor> = new Map();
  await restoreRun({ write: (tensors) => void (state = tensors) }, {
    paths: runPaths(directory),
    config,
    which: run.checkpoint ?? "last",
    required: true,
    ...(onWarning ? { onWarning } : {}),
  });
  const tensors = evaluatedState(state);
  if ([...tensors.keys()].some((name) => name.includes(".text_generator."))) {
    throw new DataError(`${directory} has a text view, and only views of images can be exported to PyTorch`);
  }
  const count = new Set([...tensors.keys()].flatMap((name) => /^encoders\.\d+/.exec(name)?.[0] ?? [])).size;
  const views = run.views?.length === count ? run.views : Array.from({ length: count }, (_, m) => `view ${m}`);
  const privates = {
    privateDim: privateDimOf(methodOf(config.model.method), config.model),
    privatePriors: [...tensors.keys()].some((name) => name.startsWith("private_priors.")),
  };
  return [
    { name: WEIGHTS, content: encodeSafetensors(tensors, { format: "pt" }) },
    { name: "model.py", content: pytorchSource({ ...config.model, ...privates, views }, { weights: WEIGHTS }) },
  ];
}

function requireExportable(config: RunConfig, directory: string): void {
  const { method, network } = config.model;
  const kind = methodKind(method);
  if (kind !== "vae") {
    const what = kind === "classifier" ? "a classifier" : "which aligns embeddings";
    throw new DataError(`${directory} is a run of ${method}, ${what}, and only VAEs can be exported to PyTorch`);
  }
  if (PYTORCH_NETWORKS.includes(network)) return;
  throw new DataError(
    `${directory} has the network ${network}, and only ${PYTORCH_NETWORKS.join(" and ")} can be exported to PyTorch`,
  );
}
