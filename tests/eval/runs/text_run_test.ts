import assert from "node:assert/strict";
import { join } from "node:path";
import { encodeRun, evaluateRun, formatAurocTable, idsFile, openModel, translateRun } from "../../../eval/mod.ts";
import { trainRun } from "../../../training/mod.ts";
import { Device } from "../../../runtime/mod.ts";
import { renderReport } from "../../../viz/report/report.ts";
import { smallRunConfig, smallRunData, withReports } from "../../training/small_run.ts";

Deno.test("a run with texts is trained, evaluated, translated and encoded, and its report shows them", async () => {
  const folder = await Deno.makeTempDir();
  const whole = await smallRunData(join(folder, "cache"));
  try {
    using device = await Device.open();
    const data = withReports(whole);
    const directory = join(folder, "run");
    const config = smallRunConfig("mmvm", {
      model: { views: ["rotated", "noisy", "text"], textLength: 32 },
      training: { epochs: 1 },
    });
    await trainRun({ config, directory, data, device });
    const evaluation = { bootstrap: { resamples: 20 }, commands: [], versions: {}, pictures: true };
    const results = await evaluateRun({ config, directory, data, device, ...evaluation });
    assert.deepEqual(results.evaluations.map(({ view }) => view), ["rotated", "noisy", "text"]);
    const { textView } = results.data;
    assert.deepEqual([textView!.view, textView!.length], ["text", 32]);
    const test = textView!.splits.find(({ split }) => split === "test")!;
    assert.ok(test.texts > 0 && test.words > 4 * test.texts && test.unknown === 0 && test.cut === 0);

    const { step, views: curves } = results.runs[0]!.training;
    assert.deepEqual(Object.keys(curves!), ["rotated", "noisy", "text"]);
    for (const curve of Object.values(curves!)) {
      assert.ok(curve.length === step.length && curve.every((nll) => nll > 0));
    }

    const directions = results.pictures.map(({ from, to }) => `${from}-${to}`);
    assert.equal(new Set(directions).size, 9);
    const written = results.pictures.find(({ from, to }) => from === "text" && to === "rotated")!;
    assert.deepEqual([written.fromKind, written.toKind], ["text", undefined]);
    assert.match(written.items[0]!.input, /^(no pleural effusion|the heart is large)\.$/);

    const caution = /labels were mined from the text/;
    assert.match(formatAurocTable(results), caution);
    const html = renderReport(results);
    assert.match(html, caution);
    assert.match(html, /the heart is large\./);

    using open = await openModel(device, { config, directory, data, batchSize: 4 });
    const files = await translateRun({ open, data, split: "test", count: 3 });
    const pairs = ["rotated-to-noisy", "noisy-to-rotated"];
    const both = ["rotated-to-text", "noisy-to-text", "text-to-rotated", "text-to-noisy"];
    const names = files.map(({ name }) => name);
    for (const name of [...pairs, ...both]) assert.ok(names.includes(`${name}.png`), name);
    for (const name of [...both, "text-reconstructed"]) assert.ok(names.includes(`${name}.txt`), name);
    const list = new TextDecoder().decode(files.find(({ name }) => name === "rotated-to-text.txt")!.bytes);
    assert.match(list, /^1\ntext from rotated: .*\ntext: (no pleural effusion|the heart is large)\.\n\n2\n/);

    const latents = await encodeRun({ open, data });
    const ids = idsFile(data.index, { views: open.views }).trimEnd().split("\n");
    assert.equal(ids[0], "row,split,subject,study,rotated,noisy,text");
    const mu = latents.tensors.get("mu.text")!.data as Float32Array;
    ids.slice(1).forEach((line, row) => assert.equal(line.endsWith(",yes"), Number.isFinite(mu[row * 3]), line));
  } finally {
    whole.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
});
