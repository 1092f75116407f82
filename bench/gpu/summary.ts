/**
 * The answers of `deno task bench gpu` in sentences.
 *
 * @module
 */
import { ratioLine } from "../statistics.ts";
import type { PartOutcome, PartRecord } from "./part_results.ts";

/** Lines for the terminal: correctness, times, and ratios to the peers. */
export function sentencesOf(parts: readonly PartOutcome[]): string[] {
  const records = (name: string) => parts.filter((part) => part.name === name).flatMap((part) => part.records);
  const all = parts.flatMap((part) => part.records);
  return [
    ...records("verify").filter((record) => "compared" in record).map(({ compared, failed }) =>
      `VERIFY ${compared} quantities, ${failed} beyond their tolerance`
    ),
    ...records("variants").filter((record) => "variants" in record).map(({ variants, failed }) =>
      `VARIANTS ${variants} compared with float64, ${failed} beyond the tolerance`
    ),
    ...records("rates").filter((record) => "dispatches" in record).map((record) =>
      `KERNELS ${fixed(record.milliseconds)} ms on the GPU, modelled ${fixed(record.modelMilliseconds)} ms`
    ),
    ...all.filter(isOurStep).map((record) =>
      `STEP ${record.work} ${record.precision}${record.tuned ? " tuned" : ""} ${fixed(record.milliseconds)} ms`
    ),
    ...all.filter(isPeer).map((record) => `PEER ${peerName(record)} ${record.work} ${fixed(record.milliseconds)} ms`),
    ...ratios(all),
    ...records("repeat").map(({ precision, bitEqual }) => `REPEAT ${precision} bit-equal=${bitEqual ?? "unknown"}`),
    ...records("cooperative").filter((record) => "granted" in record).map(({ feature, granted }) =>
      `FEATURE ${feature} granted=${granted}`
    ),
  ];
}

/** Our best time in float32 divided by each peer's, for every work that both did. */
function ratios(records: readonly PartRecord[]): string[] {
  const times = (work: unknown) =>
    records.filter((record) => isOurStep(record) && record.work === work && record.precision === "f32")
      .map(({ milliseconds }) => milliseconds as number);
  return records.filter(isPeer).flatMap((record) => {
    const ours = Math.min(...times(record.work));
    if (!Number.isFinite(ours)) return [];
    const value = ours / (record.milliseconds as number);
    return [ratioLine({ work: record.work as string, a: "ours", b: peerName(record), value })];
  });
}

function isOurStep(record: PartRecord): boolean {
  return typeof record.tuned === "boolean" && typeof record.milliseconds === "number";
}

function isPeer(record: PartRecord): boolean {
  return typeof record.contestant === "string" && typeof record.milliseconds === "number";
}

function peerName({ contestant, compile, tf32 }: PartRecord): string {
  return `${contestant}${compile ? "-compiled" : ""}${tf32 ? "-tf32" : ""}`;
}

function fixed(value: unknown): string {
  return typeof value === "number" ? value.toPrecision(3) : "unknown";
}
