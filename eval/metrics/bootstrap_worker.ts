/**
 * Worker that computes blocks of bootstrap resamples.
 *
 * @module
 */
import { serveJobs } from "../../base/workers.ts";
import { prepareBootstrap } from "./bootstrap_jobs.ts";

serveJobs(prepareBootstrap);
