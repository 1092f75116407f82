import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT, runDeno } from "../../process.ts";

const RUN_CLI = pathToFileURL(join(ROOT, "cli/terminal/run_cli.ts")).href;
const ERRORS = pathToFileURL(join(ROOT, "cli/terminal/errors.ts")).href;

/** Runs a command whose `main` has this body, without any permissions. */
async function run(body: string, env: Record<string, string> = {}): Promise<{ code: number; stderr: string }> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    file,
    `import { runCli } from ${JSON.stringify(RUN_CLI)}; import { UsageError, UserError } from ${JSON.stringify(ERRORS)};
     void UsageError; void UserError; await runCli(async () => { ${body} });`,
  );
  try {
    const permissions = ["--no-prompt", "--allow-env=MMVM_DEBUG"];
    const { code, stderr } = await runDeno(["run", "--quiet", "--no-check", ...permissions, file], { env });
    return { code, stderr };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("runCli() exits with what main returns, even while timers are pending", async () => {
  assert.deepEqual(await run("setInterval(() => {}, 1000);"), { code: 0, stderr: "" });
  assert.deepEqual(await run("setInterval(() => {}, 1000); return 143;"), { code: 143, stderr: "" });
});

Deno.test("runCli() turns exceptions into a message and an exit code", async () => {
  assert.deepEqual(await run('throw new UserError("a");'), { code: 1, stderr: "error: a\n" });
  assert.deepEqual(await run('throw new UsageError("a");'), { code: 2, stderr: "error: a\n" });
  const fault = await run('throw new TypeError("a");');
  assert.equal(fault.code, 1);
  assert.match(fault.stderr, /^error: TypeError: a\nThis is a fault of mmvm\. [^\n]*\n$/);
});

Deno.test("runCli() catches exceptions thrown outside the awaited path", async () => {
  const rejected = await run(
    'Promise.reject(new UserError("a")); await new Promise(() => { setInterval(() => {}, 1000) });',
  );
  assert.deepEqual(rejected, { code: 1, stderr: "error: a\n" });
  const thrown = await run('setTimeout(() => { throw new UserError("b"); }, 0); await new Promise(() => {});');
  assert.deepEqual(thrown, { code: 1, stderr: "error: b\n" });
});

Deno.test("runCli() shows the stack when MMVM_DEBUG is set", async () => {
  const { stderr } = await run('throw new TypeError("a");', { MMVM_DEBUG: "1" });
  assert.match(stderr, /\n {4}at file:/);
});
