/** The worker of square_jobs.ts. */
import { serveJobs } from "../../eval/workers.ts";
import { prepareSquare } from "./square_jobs.ts";

serveJobs(prepareSquare);
