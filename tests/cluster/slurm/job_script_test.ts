import assert from "node:assert/strict";
import { join } from "node:path";
import { arrayScript, secondsOf, shellWord, singleScript } from "../../../cluster/slurm/job_script.ts";
import { RunningProcess, runProcess } from "../../process.ts";

const JOB = { name: "mmvm-a", folder: "slurm", directory: "/work dir", resources: {} };

/** Writes an array's script and a fake scontrol to a folder, and returns how to start a task. */
async function prepare(folder: string, script: string): Promise<(index: number) => RunningProcess> {
  await Deno.writeTextFile(join(folder, "array.sh"), script);
  await Deno.writeTextFile(join(folder, "scontrol"), '#!/bin/sh\necho "scontrol $*" >&2\n', { mode: 0o755 });
  const env = { PATH: `${folder}:${Deno.env.get("PATH")}`, SLURM_ARRAY_JOB_ID: "7" };
  return (index) =>
    new RunningProcess(["bash", "array.sh"], { cwd: folder, env: { ...env, SLURM_ARRAY_TASK_ID: `${index}` } });
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "mmvm-script-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("arrayScript() gives each task its own arguments, quoted", async () => {
  await inFolder(async (folder) => {
    const odd = ["it's", "$HOME", "a b", "*", "-n"];
    const script = arrayScript({ ...JOB, command: ["printf", "%s|"], arguments: [["first"], odd] });
    const start = await prepare(folder, script);
    assert.match((await start(0).ended).stdout, /first\|$/);
    assert.match((await start(1).ended).stdout, /it's\|\$HOME\|a b\|\*\|-n\|$/);
    const { code, stderr } = await start(2).ended;
    assert.deepEqual([code, stderr], [2, "there is no task 2\n"]);
  });
});

/** Takes the first TERM, saves for a while, and ignores repetitions, as tasks do. */
const PROGRAM =
  'trap "trap \\"\\" TERM; echo saving >&2; sleep 0.3; exit 143" TERM; echo started >&2; while :; do sleep 0.05; done';

Deno.test("arrayScript() stops the program and requeues the task when the time limit is near", async () => {
  await inFolder(async (folder) => {
    const resources = { time: "8:00:00" };
    const script = arrayScript({ ...JOB, resources, command: ["bash", "-c"], arguments: [[PROGRAM]] });
    assert.match(script, /^#SBATCH --signal=B:USR2@120$/m);
    const task = (await prepare(folder, script))(0);
    await task.until("started");
    task.kill("SIGUSR2");
    const { code, stderr } = await task.ended;
    assert.deepEqual([code, stderr], [143, "started\nsaving\nscontrol requeue 7_0\n"]);
  });
});

Deno.test("arrayScript() heeds a signal that comes while it starts the program", async () => {
  await inFolder(async (folder) => {
    const program = `trap "exit 143" TERM; kill -USR2 $PPID; while :; do sleep 0.05; done`;
    const script = arrayScript({ ...JOB, command: ["bash", "-c"], arguments: [[program]] });
    const { code, stderr } = await (await prepare(folder, script))(0).ended;
    assert.deepEqual([code, stderr], [143, "scontrol requeue 7_0\n"]);
  });
});

Deno.test("arrayScript() waits for the program to save when Slurm stops the job, and does not requeue it", async () => {
  await inFolder(async (folder) => {
    const script = arrayScript({ ...JOB, command: ["bash", "-c"], arguments: [[`echo $$ >pid; ${PROGRAM}`]] });
    const task = (await prepare(folder, script))(0);
    await task.until("started");
    task.kill("SIGTERM");
    const pid = (await Deno.readTextFile(join(folder, "pid"))).trim();
    await runProcess(["kill", "-TERM", pid]);
    const { code, stderr } = await task.ended;
    assert.deepEqual([code, stderr], [143, "started\nsaving\n"]);
  });
});

Deno.test("arrayScript() exits with the program's code", async () => {
  await inFolder(async (folder) => {
    const script = arrayScript({ ...JOB, command: ["bash", "-c"], arguments: [["exit 3"], ["kill -9 $$"]] });
    const start = await prepare(folder, script);
    assert.equal((await start(0).ended).code, 3);
    assert.equal((await start(1).ended).code, 137);
  });
});

Deno.test("scripts request only what was asked for", () => {
  const resources = { partition: "gpu", gres: "gpu:1", cpusPerTask: 4 };
  const script = singleScript({ ...JOB, resources, command: ["deno", "run"], log: "collect.out" });
  const directives = script.split("\n").filter((line) => line.startsWith("#SBATCH"));
  assert.deepEqual(directives, [
    "#SBATCH --job-name=mmvm-a",
    '#SBATCH --chdir="/work dir"',
    "#SBATCH --open-mode=append",
    "#SBATCH --partition=gpu",
    "#SBATCH --gres=gpu:1",
    "#SBATCH --cpus-per-task=4",
    "#SBATCH --output=slurm/collect.out",
    "#SBATCH --requeue",
  ]);
  assert.doesNotMatch(arrayScript({ ...JOB, command: ["true"], arguments: [[]] }), /--signal|--time/);
});

Deno.test("secondsOf() reads every form of a time limit", () => {
  const times = { "90": 5400, "1:30": 90, "8:00:00": 28_800, "2-0": 172_800, "1-12:30": 131_400, "1-0:0:7": 86_407 };
  for (const [text, seconds] of Object.entries(times)) assert.equal(secondsOf(text), seconds, text);
  assert.equal(secondsOf("UNLIMITED"), Infinity);
  const short = arrayScript({ ...JOB, resources: { time: "1:00" }, command: ["true"], arguments: [[]] });
  assert.match(short, /USR2@15\n/);
});

Deno.test("shellWord() quotes what a shell would change", async () => {
  const words = ["plain", "a b", "it's", "$(date)", "`x`", "new\nline", "", "ü"];
  const { stdout } = await runProcess(["bash", "-c", `printf '%s|' ${words.map(shellWord).join(" ")}`]);
  assert.equal(stdout, words.map((word) => `${word}|`).join(""));
});

Deno.test("arrayScript() and singleScript() name logs in folders with spaces and percent signs", () => {
  const job = { ...JOB, folder: "/my 100%", command: ["true"] };
  assert.match(arrayScript({ ...job, arguments: [[]] }), /^#SBATCH --output="\/my 100%%\/task-%a.out"$/m);
  assert.match(singleScript({ ...job, log: "merge.out" }), /^#SBATCH --output="\/my 100%%\/merge.out"$/m);
});
