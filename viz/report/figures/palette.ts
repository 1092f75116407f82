/**
 * One colour and one marker per method, the same in every figure.
 *
 * The colours were found by simulated annealing. Each hue was confined to a window chosen by meaning (joint posteriors
 * cool, supervised classifiers neutral, the MMVM VAE warm); the objective was the smallest pairwise distance in OKLab
 * under normal vision, protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes, 2009), subject to a
 * contrast of at least 3:1 with the page. Markers encode the method redundantly.
 *
 * @module
 */

/** A colour for the light and the dark theme, as `#rrggbb`. */
export interface PaletteEntry {
  readonly light: string;
  readonly dark: string;
}

/** The colours by slot. Every known method has a fixed slot; other methods take slots that are unused in a report. */
export const PALETTE: readonly PaletteEntry[] = [
  { light: "#aa4405", dark: "#cf5713" },
  { light: "#ac8e11", dark: "#c7a401" },
  { light: "#0329b3", dark: "#6998fe" },
  { light: "#4397ea", dark: "#a2cefd" },
  { light: "#570f58", dark: "#9f409e" },
  { light: "#468f81", dark: "#28c7ae" },
  { light: "#0f171d", dark: "#edf6fe" },
  { light: "#665a6a", dark: "#8d8590" },
  { light: "#3d2827", dark: "#825e5d" },
  { light: "#474301", dark: "#d7cf50" },
  { light: "#523d83", dark: "#835bd7" },
  { light: "#9c48a2", dark: "#ca71d0" },
];

/** Marker outlines centred on (0, 0), about 8 px wide; slot k uses marker k modulo their number. */
export const MARKERS: readonly string[] = [
  "M4,0A4,4 0 1 1 -4,0A4,4 0 1 1 4,0Z",
  "M-3.5,-3.5H3.5V3.5H-3.5Z",
  "M0,-4.6L4.4,3.4H-4.4Z",
  "M0,-4.8L4.8,0L0,4.8L-4.8,0Z",
  "M0,4.6L4.4,-3.4H-4.4Z",
  "M-1.5,-4.5H1.5V-1.5H4.5V1.5H1.5V4.5H-1.5V1.5H-4.5V-1.5H-1.5Z",
  "M-4.5,-2.2H4.5V2.2H-4.5Z",
  "M-2.2,-4.5H2.2V4.5H-2.2Z",
];

const KNOWN: Readonly<Record<string, { slot: number; name: string }>> = {
  mmvm: { slot: 0, name: "MMVM" },
  independent: { slot: 1, name: "Independent" },
  poe: { slot: 2, name: "PoE" },
  moe: { slot: 3, name: "MoE" },
  mopoe: { slot: 4, name: "MoPoE" },
  avg: { slot: 5, name: "AVG" },
  supervised: { slot: 6, name: "Supervised" },
  "supervised-ensemble": { slot: 7, name: "Supervised (ensemble)" },
  "supervised-joint": { slot: 8, name: "Supervised (joint)" },
  frontal: { slot: 9, name: "Frontal VAE" },
  lateral: { slot: 10, name: "Lateral VAE" },
  untrained: { slot: 11, name: "Untrained" },
};

/** Names of methods that share the free slots. */
const NAMES: Readonly<Record<string, string>> = {
  helvae: "HELVAE",
  mvtcae: "MVTCAE",
  dmvae: "DMVAE",
  "mmvae-plus": "MMVAE+",
  "view-position": "View position",
  "pixel-pca": "Pixel PCA",
  "shuffled-labels": "Shuffled labels",
  "aligned-ae": "Aligned AE",
  "barlow-twins": "Barlow Twins",
  vicreg: "VICReg",
  clip: "CLIP",
};

/** The display name of a method; unknown methods are returned unchanged. */
export function methodName(method: string): string {
  return Object.hasOwn(KNOWN, method) ? KNOWN[method]!.name : Object.hasOwn(NAMES, method) ? NAMES[method]! : method;
}

/**
 * Sort key of a method in tables and legends: baselines first, the MMVM VAE last among the VAEs, then supervised
 * classifiers.
 */
export function methodRank(method: string): number {
  const order = [
    "view-position",
    "pixel-pca",
    "shuffled-labels",
    "untrained",
    "frontal",
    "lateral",
    "aligned-ae",
    "barlow-twins",
    "vicreg",
    "clip",
    "independent",
    "avg",
    "moe",
    "mopoe",
    "poe",
    "helvae",
    "mvtcae",
    "dmvae",
    "mmvae-plus",
    "mmvm",
    "supervised",
    "supervised-ensemble",
    "supervised-joint",
  ];
  const rank = order.indexOf(method);
  return rank < 0 ? order.indexOf("mmvm") - 0.5 : rank;
}

/**
 * Assigns every method a slot of {@linkcode PALETTE}: known methods their fixed one, others the free slots in order of
 * appearance, reusing slots from the start if there are more methods than colours.
 */
export function assignSlots(methods: readonly string[]): Map<string, number> {
  const slots = new Map<string, number>();
  for (const method of methods) {
    if (Object.hasOwn(KNOWN, method)) slots.set(method, KNOWN[method]!.slot);
  }
  const taken = new Set(slots.values());
  const free = PALETTE.map((_, slot) => slot).filter((slot) => !taken.has(slot)).reverse();
  let next = 0;
  for (const method of methods) {
    if (!slots.has(method)) slots.set(method, free[next++ % Math.max(free.length, 1)] ?? next % PALETTE.length);
  }
  return slots;
}
