import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { runPaths } from "../../training/mod.ts";
import { listCheckpoints } from "../../runtime/files/checkpoint.ts";
import { SmallDisk } from "./small_disk.ts";
import { Subject } from "./subject.ts";

let subject: Subject;
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

const SENTENCE = /^error: [^\n]+\n$/m;

async function checkpointSteps(run: string): Promise<number[]> {
  return (await listCheckpoints(runPaths(subject.directory(run)).checkpoints)).map(({ step }) => step);
}

Deno.test("a full disk costs only the steps since the last checkpoint; with space the run resumes", async () => {
  const run = "filled";
  const flags = ["--checkpoint-steps", "3"];
  {
    subject.faults.tried("full disk", 2);
    using disk = SmallDisk.create(subject.directory(run), { bytes: 3_200_000 });
    const { code, stderr } = await subject.start(run, { flags, ...disk.startOptions }).ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, SENTENCE);
    assert.match(stderr, disk.complaint);
    // No partial files are left, and complete ones are unchanged.
    const names = [...Deno.readDirSync(runPaths(subject.directory(run)).checkpoints)].map(({ name }) => name);
    assert.deepEqual(names.filter((name) => name.endsWith(".tmp")), []);
    const reached = await subject.assertNothingLost(run);
    assert.equal(reached, 6);
    const again = await subject.start(run, { flags, ...disk.startOptions }).ended;
    assert.equal(again.code, 1, again.stderr);
    assert.equal(await subject.assertNothingLost(run), reached);
    disk.enlarge();
    await subject.finish(run);
    subject.faults.survived("full disk", 2);
  }
});

for (const simulated of [false, true]) {
  const how = simulated ? "simulated" : "mounted where this user may";
  Deno.test(`a read-only disk (${how}) is reported, and its files are unchanged`, async () => {
    const kind = "read-only disk";
    const run = `read-only-${simulated}`;
    using disk = SmallDisk.create(subject.directory(run), { bytes: 10_000_000, simulated });
    const first = subject.start(run, { flags: ["--checkpoint-steps", "3"], fault: slowFrom(5) });
    await first.until("STEP 5\n");
    first.kill("SIGKILL");
    await first.ended;
    subject.faults.tried(kind);
    disk.readOnly = true;
    const { code, stderr } = await subject.start(run, disk.startOptions).ended;
    assert.equal(code, 1, stderr);
    assert.equal(
      stderr,
      `error: the file system is read-only at runs/${run}/lock: choose a place that can be written\n`,
    );
    assert.equal(await subject.assertNothingLost(run), 3);
    disk.readOnly = false;
    await subject.finish(run);
    subject.faults.survived(kind);
  });
}

Deno.test("a file size limit is reported with the file, and the previous checkpoint is kept", async () => {
  const run = "limited";
  const first = subject.start(run, { flags: ["--checkpoint-steps", "3"], fault: slowFrom(5) });
  await first.until("STEP 5\n");
  first.kill("SIGKILL");
  await first.ended;
  assert.deepEqual(await checkpointSteps(run), [3]);
  subject.faults.tried("limit on the size of files");
  // A checkpoint has 1.2 MB; ulimit counts blocks of 512 bytes.
  const shell = `trap "" XFSZ; ulimit -f 1500; exec "$@"`;
  const { code, stderr } = await subject.start(run, { flags: ["--checkpoint-steps", "3"], shell }).ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^error: the file may not grow larger at runs\/limited\/checkpoints\/step-00000006.*\n$/m);
  assert.deepEqual(await checkpointSteps(run), [3]);
  assert.equal(await subject.assertNothingLost(run), 3);
  await subject.finish(run);
  subject.faults.survived("limit on the size of files");
});

Deno.test("a directory without write permission is reported before any work", async () => {
  const directory = subject.directory("forbidden");
  await Deno.mkdir(directory);
  await Deno.chmod(directory, 0o555);
  subject.faults.tried("directory that may not be written");
  // Root can write everywhere unless it drops that capability.
  const given = "-dac_override,-dac_read_search";
  const shell = `exec setpriv --bounding-set=${given} --inh-caps=${given} "$@"`;
  const { code, stderr } = await subject.start("forbidden", Deno.uid() === 0 ? { shell } : {}).ended;
  assert.equal(code, 1, stderr);
  assert.equal(
    stderr,
    "error: no permission for runs/forbidden/lock: change its owner or mode, or choose another place\n",
  );
  await Deno.chmod(directory, 0o755);
  await subject.finish("forbidden");
  subject.faults.survived("directory that may not be written");
});

Deno.test("if processes race for a run's directory, one trains and the others name the owner or wait", async () => {
  const run = "raced";
  for (const round of ["new", "resumed"]) {
    const options = { flags: ["--checkpoint-steps", "3"], fault: slowFrom(round === "new" ? 4 : 14) };
    subject.faults.tried("three processes in one directory");
    const racers = [1, 2, 3].map(() => subject.start(run, options));
    // The owner's steps are slow, so that it still holds the directory until all others have given up or wait.
    const said = /STEP|another process trains runs\/raced; waiting for it/;
    await Promise.all(racers.map((racer) => Promise.race([racer.until(said).catch(() => {}), racer.ended])));
    const owners = racers.map(({ stderr }) => stderr.includes("STEP"));
    assert.equal(owners.filter(Boolean).length, 1, racers.map(({ stderr }) => stderr).join("\n"));
    for (const other of racers.filter((_, i) => !owners[i])) {
      // With --resume the others would train when the owner ends.
      if (round === "resumed") {
        other.kill("SIGTERM");
        assert.match((await other.ended).stderr, /waiting for it\n[^]*stopped; .*--run raced --resume. resumes it\n$/);
        continue;
      }
      const { code, stderr } = await other.ended;
      assert.equal(code, 1);
      assert.match(
        stderr,
        /error: runs\/raced is in use by another process( \(number \d+, since [^)]+\))?: wait until it has ended, or choose another --run NAME\n$/,
      );
    }
    racers.forEach((racer) => racer.kill("SIGKILL"));
    await Promise.all(racers.map(({ ended }) => ended));
    assert.ok(existsSync(join(subject.directory(run), "lock")), "a killed process leaves its lock file behind");
  }
  assert.ok(await subject.assertNothingLost(run) >= 12);
  await subject.finish(run);
  subject.faults.survived("three processes in one directory", 2);
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));

function slowFrom(from: number) {
  return { module: "./slow.ts", parameters: { from, milliseconds: 30_000 } };
}
