/**
 * Replaces the test studies of an index by those of another one.
 *
 * @module
 */
import { DataError } from "../../base/errors.ts";
import { ATTRIBUTES, type Demographics } from "../demographics/demographics.ts";
import type { ImageSource } from "../image/image_source.ts";
import { StudyTexts } from "../text/study_texts.ts";
import { DropLog } from "./drop_log.ts";
import type { TestLabels } from "./labels.ts";
import { type ImageColumns, SPLITS, type StudyColumns, StudyIndex, type SubjectColumns } from "./study_index.ts";

/**
 * An index of both data sets' studies in which all studies of the second are the test split, whatever their own split
 * is. Test studies of the first are excluded. Subjects, studies and images of the second are numbered after those of
 * the first, which keep their numbers. Neither index is modified.
 *
 * @throws {DataError} if kind, views, labels or policies differ, or both have the same patient or study.
 */
export function withTestStudies(own: StudyIndex, unseen: StudyIndex): StudyIndex {
  refuseDifferences(own, unseen);
  const drops = new DropLog();
  const codes = [drops.absorb(own.drops), drops.absorb(unseen.drops)] as const;
  const studies = joinStudies(own, unseen, codes);
  const test = SPLITS.indexOf("test");
  for (let study = 0; study < own.studies.count; study++) {
    if (own.splitOfStudy(study) !== test || studies.dropped[study] !== 0) continue;
    const reason = `test study, replaced by those of ${unseen.root}`;
    studies.dropped[study] = drops.add({ step: "split", reason, unit: "study", fault: false }, studies.ids[study]!);
  }
  const index = new StudyIndex(
    {
      dataset: own.dataset,
      root: own.root,
      synthetic: own.synthetic && unseen.synthetic,
      claimsSynthetic: own.claimsSynthetic && unseen.claimsSynthetic,
      views: own.views,
      labels: own.labels,
      labelSource: own.labelSource,
      policies: own.policies,
      source: joinSources(own, unseen),
      texts: own.texts && unseen.texts && StudyTexts.joined(own.texts, unseen.texts),
      demographics: joinDemographics(own, unseen),
      testLabels: joinTestLabels(own, unseen),
    },
    { subjects: joinSubjects(own, unseen), studies, images: joinImages(own, unseen, codes) },
    drops,
  );
  index.listed = own.listed + unseen.listed;
  index.window = own.window;
  index.decode = own.decode;
  index.filesChecked = own.filesChecked && unseen.filesChecked;
  return index;
}

/** Codes of two drop logs in the log that holds both. */
type Codes = readonly [Uint8Array, Uint8Array];

function refuseDifferences(own: StudyIndex, unseen: StudyIndex): void {
  for (const property of ["dataset", "views", "labels", "labelSource", "policies", "window", "decode"] as const) {
    const [a, b] = [own, unseen].map((index) => JSON.stringify(index[property]));
    if (a === b) continue;
    throw new DataError(
      `${property} is ${b}, but ${a} in ${own.root}: a test set must be read like the data that a run is trained on`,
      { file: unseen.root },
    );
  }
  for (const unit of ["subjects", "studies"] as const) {
    const known = new Set(own[unit].ids);
    const both = unseen[unit].ids.find((id) => known.has(id));
    if (both === undefined) continue;
    throw new DataError(
      `${unit} ${both} is in ${own.root} too: a test set must have none of the patients that a run is trained on`,
      { file: unseen.root },
    );
  }
}

function joinSubjects({ subjects: a }: StudyIndex, { subjects: b }: StudyIndex): SubjectColumns {
  const split = joined(a.split, new Int8Array(b.count).fill(SPLITS.indexOf("test")));
  return { count: a.count + b.count, ids: a.ids.concat(b.ids), split };
}

function joinStudies(own: StudyIndex, unseen: StudyIndex, codes: Codes): StudyColumns {
  const [a, b] = [own.studies, unseen.studies];
  return {
    count: a.count + b.count,
    ids: a.ids.concat(b.ids),
    subject: joined(a.subject, b.subject.map((subject) => subject + own.subjects.count)),
    states: joined(a.states, b.states),
    dropped: recoded(a.dropped, b.dropped, codes),
  };
}

function joinImages(own: StudyIndex, unseen: StudyIndex, codes: Codes): ImageColumns {
  const [a, b] = [own.images, unseen.images];
  const positions = [...new Set([...a.positions, ...b.positions])];
  if (positions.length > 256) throw new RangeError("more than 256 view positions do not fit their column");
  return {
    count: a.count + b.count,
    ids: a.ids.concat(b.ids),
    study: joined(a.study, b.study.map((study) => study + own.studies.count)),
    view: joined(a.view, b.view),
    position: joined(
      a.position.map((code) => positions.indexOf(a.positions[code]!)),
      b.position.map((code) => positions.indexOf(b.positions[code]!)),
    ),
    positions,
    dropped: recoded(a.dropped, b.dropped, codes),
    bytes: joined(a.bytes, b.bytes),
    modified: joined(a.modified, b.modified),
  };
}

/** One column after the other. */
function joined<Column extends Int8Array | Uint8Array | Int32Array | Float64Array>(a: Column, b: Column): Column {
  const column = new (a.constructor as new (length: number) => Column)(a.length + b.length);
  column.set(a);
  column.set(b, a.length);
  return column;
}

function recoded(a: Uint8Array, b: Uint8Array, [first, second]: Codes): Uint8Array {
  return joined(a.map((code) => first[code]!), b.map((code) => second[code]!));
}

function joinSources(own: StudyIndex, { source: second }: StudyIndex): ImageSource {
  const { source: first, images: { count } } = own;
  return {
    preprocessing: first.preprocessing,
    name: (image) => image < count ? first.name(image) : second.name(image - count),
    locate: (image) => image < count ? first.locate(image) : second.locate(image - count),
    hasImages: first.hasImages && second.hasImages,
  };
}

function joinDemographics(own: StudyIndex, unseen: StudyIndex): Demographics | undefined {
  const [a, b] = [own.demographics, unseen.demographics];
  if (a === undefined || b === undefined) return undefined;
  const unknown = (count: number) => new Int8Array(count).fill(-1);
  const groups = ATTRIBUTES.filter((attribute) => a.groups.has(attribute) || b.groups.has(attribute)).map((attribute) =>
    [
      attribute,
      joined(
        a.groups.get(attribute) ?? unknown(own.studies.count),
        b.groups.get(attribute) ?? unknown(unseen.studies.count),
      ),
    ] as const
  );
  return { source: a.source, groups: new Map(groups) };
}

/** Only the second index has test studies. */
function joinTestLabels(own: StudyIndex, { testLabels }: StudyIndex): TestLabels | undefined {
  if (testLabels === undefined) return undefined;
  return {
    source: testLabels.source,
    labelled: joined(new Uint8Array(own.studies.count), testLabels.labelled),
    states: joined(new Uint8Array(own.studies.states.length), testLabels.states),
  };
}
