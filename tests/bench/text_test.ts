import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readResults } from "../../eval/mod.ts";
import { inTempDir } from "../data/fixture.ts";
import { runProcess, taskCommand } from "../process.ts";

/** A folder in the layout of Open-i with reports only, made up; the images that they name are not there. */
async function writeReports(root: string, count: number): Promise<void> {
  await Deno.mkdir(join(root, "ecgen-radiology"), { recursive: true });
  for (let number = 1; number <= count; number++) {
    const [findings, heading] = number % 2 === 0
      ? ["The heart is large. No effusion.", "Cardiomegaly/mild"]
      : ["No pleural effusion. The lungs are clear.", "normal"];
    const xml = `<eCitation><uId id="CXR${number}"/><Abstract><AbstractText Label="FINDINGS">${findings}` +
      `</AbstractText></Abstract><MeSH><major>${heading}</major></MeSH>` +
      ["3001", "4001"].map((image) =>
        `<parentImage id="CXR${number}_IM-0001-${image}"><caption>PA and lateral</caption></parentImage>`
      ).join("") +
      "</eCitation>";
    await Deno.writeTextFile(join(root, "ecgen-radiology", `${number}.xml`), xml);
  }
}

Deno.test("reports without any image train, are scored and reported, and bench text measures them", () =>
  inTempDir(async (folder) => {
    const data = join(folder, "openi");
    await writeReports(data, 60);
    const small = ["--network", "small", "--image-size", "28", "--filter-dim", "4", "--latent-dim", "4"];
    const trained = await runProcess([
      ...taskCommand("train"),
      ...["--data", data, "--views", "text", "--method", "independent", "--run", "texts", "--text-length", "32"],
      ...["--epochs", "1", "--batch-size", "8", ...small],
    ], { cwd: folder });
    assert.equal(trained.code, 0, trained.stderr);
    assert.match(trained.stdout, /^AUROC, text, logistic regression/m);
    const run = join(folder, "runs", "texts");
    const { evaluations, data: { textView } } = await readResults(join(run, "results.json"));
    assert.deepEqual(evaluations.map(({ view }) => view), ["text"]);
    assert.equal(textView!.splits.reduce((sum, { texts }) => sum + texts, 0), 60);
    assert.ok(existsSync(join(run, "report.html")));

    const measured = await runProcess([...taskCommand("bench"), "text", run, "--draws", "4", "--shown", "1"], {
      cwd: folder,
    });
    assert.equal(measured.code, 0, measured.stderr);
    assert.match(measured.stdout, /^vocabulary: \d+ tokens; 6 test texts of \d+ tokens$/m);
    assert.match(measured.stdout, /^unigram, trained on the training texts +\d\.\d{3} /m);
    assert.match(measured.stdout, /^this run, 4 draws +\d\.\d{3} /m);
    assert.match(measured.stdout, /^text: (the heart is large|no pleural effusion)\./m);
  }));
