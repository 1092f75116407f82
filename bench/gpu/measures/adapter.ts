/**
 * Which adapter there is, and what it offers.
 *
 * @module
 */
import { Device } from "../../../runtime/mod.ts";
import { type Measure, nvidiaQuery } from "../measurement.ts";

export const measure: Measure = async (_options, report) => {
  using device = await Device.open();
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
  const limits: Record<string, number> = {};
  for (const name in device.gpu.limits) {
    const value = device.gpu.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  const { vendor, architecture, device: model, description } = adapter!.info;
  report({
    adapter: device.description,
    isFallback: device.isFallback,
    profile: device.target.profile,
    info: { vendor, architecture, device: model, description },
    offered: [...adapter!.features].sort(),
    granted: [...device.gpu.features].sort(),
    limits,
    cores: navigator.hardwareConcurrency,
  });
  const card = await nvidiaQuery("name", "driver_version", "memory.total", "clocks.max.sm", "clocks.max.mem");
  if (card) report({ card });
};
