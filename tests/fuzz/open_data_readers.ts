/**
 * The readers of reports and of open data sets, with small valid inputs, all made up.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { openDataset, pairStudies, parseReport, summarizeIndex, Vocabulary } from "../../data/mod.ts";
import { CHEST_LABELS } from "../../data/index/labels.ts";
import { parseOpeniReport } from "../../data/readers/openi/parse_openi_report.ts";
import { sceneOf } from "../../phantoms/draw.ts";
import { phantomStudies, reportText } from "../../phantoms/mod.ts";
import { plainImages, writeMimic } from "../data/fixture.ts";
import type { Reader } from "./reader.ts";

const XML = `<?xml version="1.0" encoding="utf-8"?>
<eCitation>
   <uId id="CXR1"/>
   <Abstract>
     <AbstractText Label="FINDINGS">The heart &amp; lungs are <![CDATA[normal]]>.</AbstractText>
     <AbstractText Label="IMPRESSION">Size &lt; 1 cm.</AbstractText>
   </Abstract>
   <MeSH><major>Opacity/lung/base</major><major>Cardiomegaly/borderline</major></MeSH>
   <parentImage id="CXR1_1_IM-0001-3001"><caption>PA and lateral</caption></parentImage>
   <parentImage id="CXR1_1_IM-0001-4001"><caption>PA and lateral</caption></parentImage>
</eCitation>
`;

/** Tables by data set: the directory's files, of which the first is mutated in one reader, the second in another. */
const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  indiana: {
    "indiana_reports.csv":
      'uid,MeSH,Problems,image,indication,comparison,findings,impression\n1,normal,normal,PA,a,b,"Clear, large.",Normal.\n' +
      "2,Opacity/lung;Nodule,Opacity,PA,a,b,,Mass.\n",
    "indiana_projections.csv":
      "uid,filename,projection\n1,1_IM-0001-4001.dcm.png,Frontal\n1,1_IM-0001-3001.dcm.png,Lateral\n2,2_IM-1-1.dcm.png,Frontal\n",
  },
  padchest: {
    "PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv":
      ",ImageID,ImageDir,StudyID,PatientID,Projection,Pediatric,Report,Labels\n0,a_1.png,0,s1,p1,PA,No PED,sin . ,['normal']\n" +
      "1,a_2.png,0,s1,p1,L,No PED,sin . ,['normal']\n" +
      "2,b_1.png,1,s2,p2,AP_horizontal,No PED,derram . ,\"['pleural effusion', 'NSG tube']\"\n",
  },
  nih: {
    "Data_Entry_2017_v2020.csv":
      "Image Index,Finding Labels,View Position\n00000001_000.png,No Finding,PA\n00000002_000.png,Effusion|Mass,AP\n",
    "train_val_list.txt": "00000001_000.png\n",
    "test_list.txt": "00000002_000.png\n",
  },
  plus: {
    "df_chexpert_plus_240401.csv": "path_to_image,frontal_lateral,ap_pa,section_findings,section_impression,split\n" +
      'train/patient00001/study1/view1_frontal.jpg,Frontal,AP,"Clear\nlungs.",Normal.,train\n' +
      "train/patient00001/study1/view2_lateral.jpg,Lateral,,,Normal.,train\n",
    "report_fixed.json": `${
      JSON.stringify({
        path_to_image: "train/patient00001/study1/view1_frontal.jpg",
        ...Object.fromEntries(CHEST_LABELS.map((label, i) => [label, [1, 0, -1, null][i % 4]])),
      })
    }\n`,
  },
};

/** All of them. @param folder An empty folder for their files. */
export function openDataReaders(folder: string): Reader[] {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const reports = [...phantomStudies(3, 8)].flatMap((study) => reportText(study, sceneOf(study)) ?? []);
  const vocabulary = Vocabulary.build(reports, { minCount: 2 });
  const mimic = join(folder, "mimic-reports");
  writeMimic(mimic, { images: plainImages(3) });
  const sections = 'study,impression,findings,last_paragraph,comparison\ns50000000,Normal.,"Clear\nlungs.",,\n' +
    "50000001,Effusion.,,,None.\n";
  return [
    {
      name: "openi.xml",
      text: true,
      inputs: [encoder.encode(XML)],
      read: (input) => parseOpeniReport(decoder.decode(input), "1.xml"),
    },
    {
      name: "report.txt",
      text: true,
      inputs: reports.map((text) => encoder.encode(text)),
      read: (input) => parseReport(decoder.decode(input)),
    },
    {
      name: "vocabulary.json",
      text: true,
      inputs: [encoder.encode(JSON.stringify(vocabulary))],
      read: (input) => Vocabulary.parse(parseJson(decoder.decode(input)), { file: "vocabulary.json" }).encode("a b", 4),
    },
    tableReader(mimic, "mimic_cxr_sectioned.csv", { "mimic_cxr_sectioned.csv": sections }),
    ...Object.entries(TABLES).flatMap(([name, files]) =>
      Object.keys(files).map((file) => tableReader(join(folder, name), file, files))
    ),
  ];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A reader of one file of a data set, which is restored after each input. */
function tableReader(root: string, file: string, files: Readonly<Record<string, string>>): Reader {
  const whole = new TextEncoder().encode(files[file]!);
  const write = (name: string, content: Uint8Array) => {
    Deno.mkdirSync(dirname(join(root, name)), { recursive: true });
    Deno.writeFileSync(join(root, name), content);
  };
  for (const [name, text] of Object.entries(files)) write(name, new TextEncoder().encode(text));
  return {
    name: file,
    text: true,
    inputs: [whole],
    read: async (input) => {
      write(file, input);
      try {
        const index = await openDataset({ root, texts: true, checkFiles: false });
        return summarizeIndex(index, pairStudies(index));
      } finally {
        write(file, whole);
      }
    },
  };
}
