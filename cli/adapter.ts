/**
 * `deno task adapter`: prints the WebGPU adapter that the other tasks will use.
 *
 * @module
 */
import { Device } from "../runtime/device/device.ts";
import { flag, parseArguments } from "./options/options.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Runs the command with these arguments. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArguments({
    name: "adapter",
    summary: "Prints the WebGPU adapter: its name, the profile of the kernels, features and limits.",
    options: { json: flag({ help: "print JSON" }) },
  }, args);
  using device = await Device.open();
  const adapter = describeAdapter(device);
  console.log(values.json ? JSON.stringify(adapter, null, 2) : formatAdapter(adapter));
}

/** What a report about an adapter needs. */
interface AdapterDescription {
  readonly adapter: string;
  readonly isFallback: boolean;
  readonly profile: string;
  readonly deno: string;
  readonly system: string;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

function describeAdapter(device: Device): AdapterDescription {
  const limits: Record<string, number> = {};
  // The limits are getters of the prototype, in the specification's order.
  for (const name in device.gpu.limits) {
    const value = device.gpu.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return {
    adapter: device.description,
    isFallback: device.isFallback,
    profile: device.target.profile,
    deno: Deno.version.deno,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    features: [...device.gpu.features].sort(),
    limits,
  };
}

/** The limits that compute can meet; the JSON has the others too. */
const COMPUTE_LIMITS =
  /^(maxBind|maxBufferSize|maxCompute|max(Storage|Uniform)Buffer(BindingSize|sPerShaderStage)$|min)/;

function formatAdapter(adapter: AdapterDescription): string {
  const limits = Object.entries(adapter.limits).filter(([name]) => COMPUTE_LIMITS.test(name));
  const width = Math.max(...limits.map(([name]) => name.length));
  const where = adapter.isFallback ? "runs on the CPU" : "a GPU";
  return [
    `adapter   ${adapter.adapter} (${where})`,
    `profile   ${adapter.profile}`,
    `deno      ${adapter.deno} on ${adapter.system}`,
    `features  ${adapter.features.join(", ") || "none"}`,
    "limits",
    ...limits.map(([name, value]) => `  ${name.padEnd(width)}  ${value.toLocaleString("en")}`),
  ].join("\n");
}

if (import.meta.main) await runCli(main);
