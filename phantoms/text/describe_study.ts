/**
 * What a report says about a study: sentences for its findings and its impression.
 *
 * @module
 */
import { LABEL_STATES, type LabelState } from "../../data/index/labels.ts";
import type { Draws } from "../draws.ts";
import { type Finding, FINDINGS } from "../findings.ts";
import { MILD } from "../reports.ts";
import type { StudyState } from "../patients.ts";
import type { FindingSide, Scene } from "../scene.ts";
import {
  DEVICES,
  DEVICES_DENIED,
  DEVICES_POSSIBLE,
  FILLERS,
  NORMAL_IMPRESSIONS,
  SPINE_FRACTURES,
  UNCHANGED,
  type Wording,
  WORDINGS,
} from "./wording.ts";

/** The sentences of a report. */
export interface StudyDescription {
  findings: string[];
  impression: string[];
}

/** Severity from which on a finding is described as severe. */
const SEVERE = 0.75;

type Worded = keyof typeof WORDINGS;
const WORDED = Object.keys(WORDINGS) as Worded[];

/**
 * Describes a study in varied wording. The labels decide what is said: a positive finding is stated, an uncertain one
 * left open, a negative one denied, and a blank one not mentioned. The hidden state decides how: size and side are
 * those of the images.
 *
 * @param scene The study's scene, which knows on which side each finding is.
 */
export function describeStudy(study: StudyState, scene: Scene, draws: Draws): StudyDescription {
  const { labels: { chexpert: labels }, severities } = study;
  const saysNothing = labels === null || FINDINGS.every((finding) => labels[finding] === LABEL_STATES.blank);
  if (saysNothing && labels?.["No Finding"] !== LABEL_STATES.positive) {
    return { findings: [UNCHANGED], impression: [UNCHANGED] };
  }
  const state = (finding: Finding): LabelState => labels![finding];
  const findings: string[] = draws.chance(0.5) ? [pick(FILLERS, draws)] : [];
  const impression: string[] = [];
  findings.push(...devices(state("Support Devices"), scene, draws));
  const denied: Worded[] = [];
  for (const finding of WORDED) {
    const size = severities[finding] < MILD ? 0 : severities[finding] < SEVERE ? 1 : 2;
    const about = { words: WORDINGS[finding], size, side: scene.sides[finding], finding };
    if (state(finding) === LABEL_STATES.positive) {
      findings.push(presence(about, draws));
      impression.push(`${sentence(phrase(about), about)}.`);
    } else if (state(finding) === LABEL_STATES.uncertain) {
      const doubt = sentence(pick(about.words.possible, draws), about);
      findings.push(doubt);
      if (draws.chance(0.6)) impression.push(doubt);
    } else if (state(finding) === LABEL_STATES.negative) {
      denied.push(finding);
    }
  }
  findings.push(...denials(denied, draws));
  if (findings.length < 2) findings.push(pick(FILLERS, draws));
  if (impression.length === 0) impression.push(pick(NORMAL_IMPRESSIONS, draws));
  return { findings, impression };
}

interface About {
  words: Wording;
  size: number;
  side: FindingSide | undefined;
  finding: Worded;
}

function presence(about: About, draws: Draws): string {
  const { words, side, finding } = about;
  if (finding === "Fracture" && side === undefined && draws.chance(0.8)) return pick(SPINE_FRACTURES, draws);
  const several = side === "bilateral" && words.noun[0] !== words.noun[1];
  const patterns = [
    `There ${several ? "are" : "is"} ${phrase(about)}.`,
    `${phrase({ ...about, words: { ...words, counted: false } })} ${several ? "are" : "is"} ${
      pick(["present", "seen", "noted"], draws)
    }.`,
    ...words.present,
  ];
  return sentence(pick(patterns, draws), about);
}

/** The finding with its size and side: `a small left pleural effusion`. */
function phrase({ words, size, side }: About): string {
  const noun = words.noun[side === "bilateral" ? 1 : 0];
  const takesArticle = words.counted && side !== "bilateral";
  const article = /^[aeiou]/.test(words.sizes[size]!) ? "an" : "a";
  return `${takesArticle ? `${article} ` : ""}[size] [side] ${noun}`;
}

/** Fills in a sentence and begins it with a capital. */
function sentence(pattern: string, { words, size, side }: Pick<About, "words" | "size" | "side">): string {
  const filled = pattern
    .replace(/\[size\]/gi, words.sizes[size]!)
    .replace("[sizely]", `${words.sizes[size]}ly`)
    .replace(/the \[side\] (upper lung|lower zone|lung|base|costophrenic angle)/i, (_, part) => {
      return side === undefined ? `one ${part}` : side === "bilateral" ? `both ${part}s` : `the ${side} ${part}`;
    })
    .replaceAll("[side]", side ?? "")
    .replace(/ +/g, " ")
    .trim();
  return filled[0]!.toUpperCase() + filled.slice(1);
}

/** What is absent, in one sentence or in several. */
function denials(denied: readonly Worded[], draws: Draws): string[] {
  if (denied.length < 2 || draws.chance(0.35)) {
    return denied.map((finding) => pick(WORDINGS[finding].denied, draws));
  }
  const names = denied.map((finding) => WORDINGS[finding].absent);
  return [`There is no ${names.slice(0, -1).join(", ")} or ${names.at(-1)}.`];
}

function devices(state: LabelState, scene: Scene, draws: Draws): string[] {
  if (state === LABEL_STATES.uncertain) return [DEVICES_POSSIBLE];
  if (state === LABEL_STATES.negative) return [DEVICES_DENIED];
  if (state !== LABEL_STATES.positive) return [];
  const named = scene.devices.map((device) => pick(DEVICES[device] ?? DEVICES.unnamed!, draws));
  return named.length > 0 ? named : [pick(DEVICES.unnamed!, draws)];
}

function pick(sentences: readonly string[], draws: Draws): string {
  return sentences[draws.below(sentences.length)]!;
}
