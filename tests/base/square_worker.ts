/** The worker of square_jobs.ts. */
import { serveJobs } from "../../base/workers.ts";
import { prepareSquare } from "./square_jobs.ts";

serveJobs(prepareSquare);
