/**
 * Installs the peers into `cache/peers`, separate from the project's own packages.
 *
 * @module
 */
import { build, stop } from "esbuild";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Host, thisHost } from "../../cli/setup/host.ts";
import { install, type SystemPackage } from "../../cli/setup/install.ts";
import { BUNDLE, DEBIAN_PYTHON, PACKAGES } from "./places.ts";

/** The frameworks with which mmvm is compared. */
export type Peer = "jax-js" | "tfjs" | "pytorch";

const VERSIONS = {
  "@jax-js/jax": "0.1.25",
  "@tensorflow/tfjs-backend-webgpu": "4.22.0",
  "@tensorflow/tfjs-core": "4.22.0",
};

const PYTORCH: SystemPackage = {
  title: "PyTorch",
  // Without OpenBLAS, which Debian's package only recommends, PyTorch falls back on the reference BLAS: 6.6 instead of
  // 151 GFLOP/s in a matrix product on two cores of an AMD EPYC.
  debian: "python3-torch libopenblas0-pthread",
  commands: { fedora: "sudo dnf install python3-torch", arch: "sudo pacman -S python-pytorch" },
  elsewhere: "install PyTorch for /usr/bin/python3",
};

/**
 * Installs a peer unless it is already installed.
 *
 * @throws {Error} with the reason if it cannot be installed.
 */
export async function ensurePeer(peer: Peer, options: { say: (line: string) => void; python: string }): Promise<void> {
  if (peer === "pytorch") return await ensurePyTorch(options.python);
  await ensurePackages(options);
  if (peer === "tfjs" && !await exists(join(PACKAGES, BUNDLE))) await bundleTensorFlow();
}

async function ensurePyTorch(python: string): Promise<void> {
  const host = await thisHost();
  const found = () => host.run(python, ["-c", "import torch, numpy"]);
  const isDebian = python === DEBIAN_PYTHON;
  if ((await found())?.code === 0 && !(isDebian && await lacksOpenBlas(host))) return;
  if (isDebian) await install(PYTORCH, host);
  const done = await found();
  if (done?.code !== 0) throw new Error(`${python} cannot import torch and numpy: install both for it`);
}

/** True on a Debian whose PyTorch computes with another BLAS than OpenBLAS. */
async function lacksOpenBlas(host: Host): Promise<boolean> {
  const found = await host.run("dpkg-query", ["-W", "-f", "${Status}", "libopenblas0-pthread"]);
  return found !== null && !found.output.startsWith("install ok installed");
}

async function ensurePackages({ say }: { say: (line: string) => void }): Promise<void> {
  const names = Object.keys(VERSIONS);
  const folders = names.map((name) => join(PACKAGES, "node_modules", name, "package.json"));
  if ((await Promise.all(folders.map(exists))).every((there) => there)) return;
  say(`Installing ${names.join(", ")} into ${PACKAGES} ...`);
  await mkdir(PACKAGES, { recursive: true });
  const manifest = { private: true, type: "module", dependencies: VERSIONS };
  await writeFile(join(PACKAGES, "package.json"), JSON.stringify(manifest, null, 2) + "\n");
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", PACKAGES];
  const { success, stderr } = await new Deno.Command("npm", { args, stdout: "null" }).output();
  if (!success) {
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    throw new Error(
      `npm could not install ${names.join(", ")}: ${lines.find((line) => /error/i.test(line)) ?? lines[0]}`,
    );
  }
}

/**
 * Bundles TensorFlow.js as for a web page, including the gradients, which its package for Node omits. Node's built-in
 * modules are loaded with `require`.
 */
async function bundleTensorFlow(): Promise<void> {
  try {
    await build({
      stdin: {
        contents: `import "@tensorflow/tfjs-core/dist/register_all_gradients";
          import "@tensorflow/tfjs-backend-webgpu";
          export * from "@tensorflow/tfjs-core";`,
        resolveDir: PACKAGES,
      },
      bundle: true,
      format: "esm",
      platform: "node",
      mainFields: ["module", "main"],
      banner: {
        js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`,
      },
      outfile: join(PACKAGES, BUNDLE),
      logLevel: "error",
    });
  } finally {
    await stop();
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(() => true, () => false);
}
