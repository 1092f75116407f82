import assert from "node:assert/strict";
import { join } from "node:path";
import { TensorboardLog } from "../../../training/loggers/tensorboard/tensorboard_log.ts";
import { file_event } from "../../../training/loggers/tensorboard/event_pb.ts";
import { ScalarType } from "@bufbuild/protobuf";
import { eventFiles, eventsOf, scalarsOf } from "./event_file.ts";

const train = (step: number) => ({ step, loss: 10 - step, "nll text": 0.5, seconds: 2 * step });
const validation = { kind: "validation", step: 2, epoch: 1, loss: 7, sharing: { "kl frontal": [1, NaN] }, seconds: 3 };
const only = (folder: string) => {
  const names = eventFiles(folder);
  assert.equal(names.length, 1);
  return eventsOf(Deno.readFileSync(join(folder, names[0]!)));
};

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(join(folder, "tensorboard"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a file begins with its version, and lines are scalars at the number of steps done", () =>
  inFolder(async (folder) => {
    const log = new TensorboardLog(folder);
    await log.begin([]);
    log.write([train(0), train(1)]);
    log.write([validation]);
    await log.sync();
    const events = only(folder);
    assert.deepEqual(events[0]!.what, { case: "fileVersion", value: "brain.Event:2" });
    assert.deepEqual(scalarsOf(events), [
      "train/loss 1 10",
      "train/nll text 1 0.5",
      "train/loss 2 9",
      "train/nll text 2 0.5",
      "validation/loss 2 7",
      "validation/sharing/kl frontal/0 2 1",
      "validation/sharing/kl frontal/1 2 NaN",
    ]);
    // Wall times are those of training: a second of it is one of the chart.
    assert.ok(Math.abs(events[2]!.wallTime - events[1]!.wallTime - 2) < 1e-3);
  }));

Deno.test("a later session's file has every step once, makes readers forget the file before, and replaces it", () =>
  inFolder(async (folder) => {
    const first = new TensorboardLog(folder);
    await first.begin([]);
    first.write([train(0), train(1), train(2)]);
    const [before] = eventFiles(folder);
    // The checkpoint is of step 2; what was cut off in the middle of a record does not matter.
    Deno.writeFileSync(join(folder, before!), Uint8Array.of(1, 2, 3), { append: true });
    const second = new TensorboardLog(folder);
    await second.begin([train(0), train(1)]);
    second.write([train(2)]);
    const [after] = eventFiles(folder);
    assert.ok(after! > before!);
    const events = only(folder);
    assert.deepEqual(events[1]!.what.case, "sessionLog");
    assert.deepEqual(scalarsOf(events).filter((line) => line.startsWith("train/loss")), [
      "train/loss 1 10",
      "train/loss 2 9",
      "train/loss 3 8",
    ]);
  }));

Deno.test("numbers that float32 cannot hold become infinite, and none is refused", () =>
  inFolder(async (folder) => {
    const log = new TensorboardLog(folder);
    await log.begin([]);
    log.write([{ step: 0, loss: 1e300, kl: -Infinity, gradientNorm: NaN } as { step: number }]);
    assert.deepEqual(scalarsOf(only(folder)), [
      "train/loss 1 Infinity",
      "train/kl 1 -Infinity",
      "train/gradientNorm 1 NaN",
    ]);
  }));

Deno.test("an evaluation adds scores, pictures and the projector's tables", () =>
  inFolder(async (folder) => {
    const log = new TensorboardLog(folder);
    await log.begin([train(0)]);
    await new TensorboardLog(folder).evaluated({
      step: 1,
      scores: { "test/auroc/frontal": 0.75 },
      images: [{ name: "reconstruction/frontal", png: Uint8Array.of(137, 80), width: 5, height: 3 }],
      latents: [{
        view: 'front "al"\n',
        values: Float32Array.of(1, 2, 3, 4.5),
        width: 2,
        columns: ["split", "Edema"],
        rows: [["test", "1"], ["test\tx", ""]],
        sprite: { png: Uint8Array.of(1), size: 16 },
      }],
      files: [],
    });
    const events = only(folder);
    assert.equal(scalarsOf(events).at(-1), "test/auroc/frontal 1 0.75");
    const { what } = events.at(-1)!;
    assert.equal(what.case, "summary");
    const [value] = what.value.value;
    assert.equal(value!.tag, "reconstruction/frontal");
    assert.equal(value!.value.case, "image");
    const { height, width, colorspace, encodedImageString } = value!.value.value;
    assert.deepEqual([height, width, colorspace, [...encodedImageString]], [3, 5, 1, [137, 80]]);
    const read = (path: string) => Deno.readTextFileSync(join(folder, path));
    assert.equal(read("latents/0/tensors.tsv"), "1\t2\n3\t4.5\n");
    assert.equal(read("latents/0/metadata.tsv"), "split\tEdema\ntest\t1\ntest x\t\n");
    assert.equal(
      read("projector_config.pbtxt"),
      [
        "embeddings {",
        '  tensor_name: "latents front \\042al\\042\\012"',
        '  tensor_path: "latents/0/tensors.tsv"',
        '  metadata_path: "latents/0/metadata.tsv"',
        '  sprite { image_path: "latents/0/sprite.png" single_image_dim: 16 single_image_dim: 16 }',
        "}\n",
      ].join("\n"),
    );
  }));

Deno.test("event_pb.ts has the fields of event.proto, with their numbers and types", () => {
  const source = Deno.readTextFileSync(new URL("../../../training/loggers/tensorboard/event.proto", import.meta.url));
  const written = [...source.replaceAll(/\/\/.*$/gm, "").matchAll(/(\w+)\s+(\w+)\s*=\s*(\d+);/g)]
    .map(([, type, name, number]) => `${type} ${name} ${number}`);
  const generated: string[] = [];
  const visit = (messages: typeof file_event.messages) => {
    for (const message of messages) {
      for (const field of message.fields) {
        const type = field.message?.name ?? (field.scalar === undefined ? field.enum?.name : ScalarType[field.scalar]);
        generated.push(`${type} ${field.name} ${field.number}`.toLowerCase());
      }
      visit(message.nestedMessages);
    }
  };
  visit(file_event.messages);
  assert.equal(written.length, 14);
  assert.deepEqual(generated.sort(), written.map((line) => line.toLowerCase()).sort());
});
