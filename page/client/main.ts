/**
 * Entry point of the page's script: runs the model where there is WebGPU, and says how to get it where there is none.
 *
 * @module
 */
import { createBuilder } from "../../viz/report/markup/dom.ts";
import { Device } from "../../runtime/mod.ts";
import { BLOCKS, type PageModel } from "../stored/page_model.ts";
import { App } from "./app.ts";
import { blockText } from "./blocks.ts";
import { TryIt } from "./try_it.ts";

async function start(): Promise<void> {
  const place = document.getElementById("model-app");
  const fallback = document.getElementById("model-fallback");
  if (!place || !fallback) return;
  const page = JSON.parse(blockText(BLOCKS.model)) as PageModel;
  let device: Device;
  try {
    device = await Device.open();
  } catch {
    document.getElementById("model-reason")!.textContent = "gpu" in navigator
      ? "This browser has WebGPU, but offers no graphics adapter for it."
      : "This browser has no WebGPU.";
    return;
  }
  const h = createBuilder(document);
  fallback.hidden = true;
  place.append(new App(h, page, device).element, new TryIt(h, device).element);
  place.hidden = false;
  place.dataset["ready"] = "";
}

start();
