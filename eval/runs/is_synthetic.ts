/**
 * Whether pictures of a run's data may be kept.
 *
 * @module
 */
import type { RunConfig } from "../../training/run/run_config.ts";
import type { RunData } from "../../training/data/run_data.ts";
import { viewsOfRun } from "../../training/data/run_views.ts";
import { shownImages } from "./pictures.ts";

/** What {@linkcode isSynthetic} depends on. */
export interface PicturedRun {
  readonly config: RunConfig;
  readonly data: RunData;
  /** Whether pictures are to be kept. */
  readonly pictures?: boolean;
  /** Checks that the named images are the phantoms that their folder claims. */
  readonly arePhantoms?: (names: readonly string[]) => Promise<boolean>;
  readonly onWarning?: (message: string) => void;
}

/**
 * Whether no picture of the data shows a patient: because the reader generates the images, because the configuration
 * trusts the data, or because they were checked. A folder's claim is checked only if pictures are to be kept.
 */
export async function isSynthetic(options: PicturedRun): Promise<boolean> {
  const { config, data, arePhantoms, onWarning } = options;
  const { index } = data;
  if (!index.synthetic || !options.pictures) return index.synthetic;
  if (index.source.generated !== undefined || config.data.trustSynthetic) return true;
  if (await arePhantoms?.(shownImages({ data, views: viewsOfRun(config, data) }))) return true;
  onWarning?.(
    `${index.root}: the images are not the phantoms that phantoms.json describes (as this version draws them), so no ` +
      "picture is kept; --trust-synthetic takes the folder's word",
  );
  return false;
}
