/**
 * Reads TensorBoard's event files for tests: every record, with its checksums.
 *
 * @module
 */
import { fromBinary } from "@bufbuild/protobuf";
import { type Event, EventSchema } from "../../../training/loggers/tensorboard/event_pb.ts";
import { decodeRecords } from "../../../training/loggers/tensorboard/records.ts";

/** The events of a file. */
export function eventsOf(file: Uint8Array): Event[] {
  return [...decodeRecords(file)].map((data) => fromBinary(EventSchema, data));
}

/** The event files in a folder. */
export function eventFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.includes("tfevents")).sort();
}

/** The scalars of events: `tag step value`. */
export function scalarsOf(events: readonly Event[]): string[] {
  return events.flatMap(({ what, step }) => {
    if (what.case !== "summary") return [];
    return what.value.value.flatMap(({ tag, value }) =>
      value.case === "simpleValue" ? [`${tag} ${step} ${value.value}`] : []
    );
  });
}
