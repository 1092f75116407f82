/**
 * The AUROCs published by the method's authors, for comparison.
 *
 * Source: T. M. Sutter et al., "Unity by Diversity: Improved Representation Learning for Multimodal VAEs", NeurIPS
 * 2024, tables 2 (frontal) and 3 (lateral): MIMIC-CXR, classifiers on the latents of each view, test split, mean and
 * standard deviation over 3 seeds, read from the tables in percent. The spread in the macro rows ("ALL") is over labels
 * rather than seeds and is therefore omitted.
 *
 * @module
 */

/** One published number. */
export interface PublishedAuroc {
  /** `frontal` or `lateral`. */
  readonly view: string;
  /** A label, or `null` for the mean over the 14 labels. */
  readonly label: string | null;
  /** A method as named in results. */
  readonly method: string;
  /** In [0, 1]. */
  readonly auroc: number;
  /** Standard deviation over the seeds, in [0, 1]; `null` for means over labels. */
  readonly sd: number | null;
}

const METHODS = ["supervised", "independent", "avg", "moe", "mopoe", "poe", "mmvm"] as const;

/** Percent, in the order of the methods. */
const FRONTAL = `
Atelectasis                | 79.5±0.3 | 73.1±0.0 | 75.2±0.3 | 73.0±0.5 | 74.2±0.4 | 75.7±0.3 | 77.6±0.1
Cardiomegaly               | 81.7±0.1 | 76.3±0.4 | 78.5±0.2 | 76.5±0.6 | 77.1±0.1 | 78.5±0.3 | 80.5±0.1
Consolidation              | 65.3±0.7 | 62.4±0.4 | 66.0±0.8 | 62.9±0.6 | 63.9±0.3 | 66.7±0.8 | 69.1±0.6
Edema                      | 88.0±0.2 | 83.0±0.3 | 84.6±0.3 | 82.4±0.6 | 83.1±0.6 | 84.5±0.3 | 86.3±0.1
Enlarged Cardiomediastinum | 57.9±1.3 | 59.5±1.2 | 64.9±0.8 | 61.7±0.5 | 64.1±0.5 | 66.4±0.5 | 68.6±1.1
Fracture                   | 51.4±0.5 | 56.0±0.1 | 58.4±0.5 | 57.3±0.2 | 57.4±0.7 | 58.8±0.3 | 58.6±0.8
Lung Lesion                | 52.4±0.4 | 61.3±0.4 | 61.8±0.2 | 60.6±0.9 | 60.7±0.8 | 63.4±0.4 | 64.1±0.2
Lung Opacity               | 69.5±0.2 | 63.8±0.3 | 65.7±0.3 | 63.5±0.2 | 64.7±0.0 | 66.3±0.2 | 68.1±0.1
No Finding                 | 73.9±1.3 | 76.6±0.3 | 77.8±0.0 | 77.1±0.2 | 77.4±0.1 | 77.2±0.2 | 79.1±0.1
Pleural Effusion           | 88.0±0.0 | 81.2±0.6 | 82.8±0.0 | 81.6±0.4 | 82.5±0.5 | 82.8±0.2 | 85.7±0.3
Pleural Other              | 53.9±1.0 | 67.8±1.1 | 68.9±0.5 | 67.5±1.0 | 68.3±1.2 | 68.7±1.2 | 70.0±2.0
Pneumonia                  | 61.3±0.3 | 55.3±0.5 | 57.8±0.4 | 56.4±0.4 | 57.3±0.4 | 57.5±0.4 | 60.0±0.6
Pneumothorax               | 76.9±1.1 | 75.3±1.0 | 78.3±0.6 | 77.7±0.4 | 78.8±0.7 | 78.5±0.7 | 81.9±0.4
Support Devices            | 77.7±0.1 | 70.8±0.3 | 73.1±0.4 | 72.7±0.7 | 73.7±0.6 | 73.8±0.1 | 76.6±0.2
ALL                        | 69.8     | 68.7     | 71.0     | 69.4     | 70.2     | 71.3     | 73.3
`;

const LATERAL = `
Atelectasis                | 78.0±0.1 | 70.7±0.3 | 73.5±0.4 | 72.8±0.1 | 74.7±0.2 | 73.7±0.2 | 77.0±0.2
Cardiomegaly               | 79.0±0.2 | 70.8±0.9 | 73.7±0.1 | 73.3±0.2 | 75.5±0.1 | 74.8±0.1 | 78.7±0.0
Consolidation              | 68.6±1.4 | 64.4±1.4 | 65.4±1.5 | 64.9±0.9 | 65.8±0.8 | 66.7±0.9 | 70.2±0.8
Edema                      | 86.2±0.1 | 75.4±0.9 | 78.0±0.3 | 78.0±0.5 | 81.1±0.8 | 79.1±0.1 | 84.3±0.3
Enlarged Cardiomediastinum | 61.5±1.0 | 60.1±0.7 | 62.0±1.0 | 60.5±0.5 | 64.2±0.9 | 63.5±0.8 | 69.0±0.7
Fracture                   | 52.3±0.2 | 57.9±0.6 | 58.3±0.7 | 56.8±0.8 | 58.6±0.8 | 59.0±0.5 | 60.9±0.3
Lung Lesion                | 57.3±0.4 | 58.9±0.2 | 59.0±0.2 | 58.6±0.8 | 60.8±0.3 | 59.3±0.3 | 63.0±0.7
Lung Opacity               | 68.9±0.2 | 61.9±0.5 | 63.4±0.4 | 63.9±0.1 | 65.4±0.4 | 64.1±0.4 | 68.1±0.2
No Finding                 | 72.0±0.8 | 73.9±0.3 | 74.8±0.2 | 75.9±0.2 | 77.1±0.1 | 74.6±0.1 | 78.3±0.1
Pleural Effusion           | 91.0±0.3 | 80.2±0.2 | 82.0±0.1 | 82.0±0.3 | 84.3±0.2 | 82.1±0.1 | 85.7±0.1
Pleural Other              | 61.5±1.9 | 62.8±1.3 | 64.3±0.7 | 62.7±1.7 | 63.6±1.0 | 63.9±1.0 | 68.5±1.9
Pneumonia                  | 61.2±0.4 | 56.4±0.5 | 56.9±0.3 | 57.5±1.2 | 58.3±0.5 | 58.2±0.1 | 59.0±0.2
Pneumothorax               | 82.4±0.8 | 75.6±0.5 | 77.8±0.3 | 76.9±0.7 | 79.2±0.6 | 78.6±0.2 | 81.7±0.3
Support Devices            | 77.3±0.1 | 71.9±0.6 | 72.9±0.5 | 73.6±0.7 | 75.9±0.4 | 74.7±0.5 | 77.1±0.3
ALL                        | 71.2     | 67.2     | 68.7     | 68.4     | 70.3     | 69.4     | 73.0
`;

function parseTable(view: string, table: string): PublishedAuroc[] {
  return table.trim().split("\n").flatMap((line) => {
    const [name, ...cells] = line.split("|").map((cell) => cell.trim());
    return METHODS.map((method, i): PublishedAuroc => {
      const [mean, sd] = cells[i]!.split("±");
      return {
        view,
        label: name === "ALL" ? null : name!,
        method,
        // Rounded so that 79.5% becomes exactly 0.795 rather than an adjacent floating-point number.
        auroc: Math.round(Number(mean) * 10) / 1000,
        sd: sd === undefined ? null : Math.round(Number(sd) * 10) / 1000,
      };
    });
  });
}

/** All published numbers: 2 views, 14 labels and their mean, 7 methods. */
export const PUBLISHED_AUROC: readonly PublishedAuroc[] = [
  ...parseTable("frontal", FRONTAL),
  ...parseTable("lateral", LATERAL),
];
