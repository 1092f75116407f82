/**
 * The readers of files that a user gives beside the data: embeddings, patients, views, parameters of PyTorch.
 *
 * @module
 */
import { join } from "node:path";
import { openDataset } from "../../data/mod.ts";
import { readDemographics } from "../../data/demographics/read_demographics.ts";
import { readEmbeddings } from "../../eval/embeddings/read_embeddings.ts";
import { declareParameters, fileShape, type HostTensor, Vae } from "../../models/mod.ts";
import { encodeSafetensors } from "../../runtime/mod.ts";
import { readState } from "../../training/run/import_state.ts";
import { plainImages, writeMimic } from "../data/fixture.ts";
import { npyFile, smallIndex } from "../eval/embeddings/small_index.ts";
import type { Reader } from "./reader.ts";

const encoder = new TextEncoder();

/** All of them. @param folder An empty folder for their files. */
export function givenFileReaders(folder: string): Reader[] {
  const given = join(folder, "given");
  Deno.mkdirSync(given);
  return [...embeddingReaders(given), patientsReader(given), viewsReader(given), stateReader(given)];
}

/** The array and the table of identifiers; the other one of the two is valid. */
function embeddingReaders(folder: string): Reader[] {
  const { index, pairs } = smallIndex();
  const { ids } = index.images;
  const rows = ids.map((_, i) => [i, -i / 2, 0.1]);
  const data = Float32Array.from(rows.flat());
  const table = encoder.encode(["row,dicom_id", ...ids.map((id, i) => `${i},${id}`), ""].join("\n"));
  const array = npyFile(rows);
  const [npy, safetensors, csv] = ["e.npy", "e.safetensors", "e.csv"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const reader = (name: string, of: { text: boolean; inputs: Uint8Array[]; path: string }): Reader => ({
    name,
    text: of.text,
    inputs: of.inputs,
    read: (input) => {
      Deno.writeFileSync(csv, table);
      Deno.writeFileSync(npy, array);
      Deno.writeFileSync(of.path, input);
      return readEmbeddings(of.path === csv ? npy : of.path, { index, pairs });
    },
  });
  const golden = (name: string) => Deno.readFileSync(new URL(`../eval/embeddings/golden/${name}`, import.meta.url));
  const tables = ["list_plain", "list_snappy", "wide_f32", "wide_streams", "fixed_v2_groups", "half_small_pages"];
  const files = [array, npyFile(rows, { descr: ">f2", fortran: true, version: 2 })];
  const tensors = encodeSafetensors(new Map([["e", { shape: [rows.length, 3], data }]]));
  return [
    reader("embeddings.npy", { text: false, inputs: files, path: npy }),
    reader("embeddings.safetensors", { text: false, inputs: [tensors], path: safetensors }),
    reader("embeddings.parquet", {
      text: false,
      inputs: tables.map((name) => golden(`${name}.parquet`)),
      path: join(folder, "e.parquet"),
    }),
    reader("embeddings.csv", { text: true, inputs: [table], path: csv }),
  ];
}

function patientsReader(folder: string): Reader {
  const { index } = smallIndex();
  const lines = index.subjects.ids.map((id, i) => `${id},${"FM"[i % 2]},${30 + 9 * i},2150,2011 - 2013`);
  const file = join(folder, "patients.csv");
  return {
    name: "patients.csv",
    text: true,
    inputs: [encoder.encode(["subject_id,gender,anchor_age,anchor_year,anchor_year_group", ...lines, ""].join("\n"))],
    read: (input) => {
      Deno.writeFileSync(file, input);
      return readDemographics(index, { file });
    },
  };
}

function viewsReader(folder: string): Reader {
  const root = join(folder, "mimic");
  writeMimic(root, { images: plainImages(3).map((image, i) => i === 0 ? { ...image, position: "" } : image) });
  const viewsFile = join(folder, "views.csv");
  const lines = ["image,position,view,part,suspicious,frontal,lateral,other", "d0,,frontal,blank,0,0.9,0.1,0", ""];
  return {
    name: "views.csv",
    text: true,
    inputs: [encoder.encode(lines.join("\n"))],
    read: (input) => {
      Deno.writeFileSync(viewsFile, input);
      return openDataset({ root, viewsFile, checkFiles: false });
    },
  };
}

/** A state_dict of the smallest network. */
function stateReader(folder: string): Reader {
  const path = join(folder, "state.safetensors");
  const vae = new Vae({
    network: "small",
    imageSize: 4,
    filterDim: 1,
    latentDim: 1,
    method: "mmvm",
    views: ["a", "b"],
    dropout: 0,
    likelihood: { name: "laplace", scale: 1 },
  });
  const tensors = declareParameters((scope) => vae.declare(scope)).map((spec): [string, HostTensor] => {
    const shape = fileShape(spec);
    return [spec.name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5) }];
  });
  return {
    name: "state.safetensors",
    text: false,
    inputs: [encodeSafetensors(new Map(tensors))],
    read: (input) => {
      Deno.writeFileSync(path, input);
      return readState(path);
    },
  };
}
