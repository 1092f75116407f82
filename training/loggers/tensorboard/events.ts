/**
 * The events of TensorBoard's files as records.
 *
 * @module
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { groupOf, type LoggedImage, type LoggedLine, numbersOf, stepsDone } from "../logger.ts";
import { EventSchema, SessionLog_SessionStatus } from "./event_pb.ts";
import { encodeRecord } from "./records.ts";

type Event = MessageInitShape<typeof EventSchema>;

/** When something happened: in steps, and in seconds since 1970. */
export interface EventTime {
  readonly step: number;
  readonly wallTime: number;
}

function recordOf(event: Event): Uint8Array<ArrayBuffer> {
  return encodeRecord(toBinary(EventSchema, create(EventSchema, event)));
}

/** The first record of every file. */
export function versionRecord(wallTime: number): Uint8Array<ArrayBuffer> {
  return recordOf({ wallTime, what: { case: "fileVersion", value: "brain.Event:2" } });
}

/** Makes a reader that shows an older file of the run forget all of it. */
export function restartRecord(wallTime: number): Uint8Array<ArrayBuffer> {
  return recordOf({
    wallTime,
    step: 0n,
    what: { case: "sessionLog", value: { status: SessionLog_SessionStatus.START } },
  });
}

/** The numbers of a line as scalars: `train/loss`, `validation/loss`. */
export function lineRecord(line: LoggedLine, wallTime: number): Uint8Array<ArrayBuffer> {
  const scores = numbersOf(line).map(([name, value]) => [`${groupOf(line)}/${name}`, value] as const);
  return scalarsRecord(Object.fromEntries(scores), { step: stepsDone(line), wallTime });
}

/** Scalars by tag; what float32 cannot hold becomes infinite. */
export function scalarsRecord(scalars: Readonly<Record<string, number>>, at: EventTime): Uint8Array<ArrayBuffer> {
  const value = Object.entries(scalars).map(([tag, number]) => ({
    tag,
    value: { case: "simpleValue" as const, value: Math.fround(number) },
  }));
  return recordOf({ wallTime: at.wallTime, step: BigInt(at.step), what: { case: "summary", value: { value } } });
}

/** A picture. */
export function imageRecord({ name, png, width, height }: LoggedImage, at: EventTime): Uint8Array<ArrayBuffer> {
  const image = { height, width, colorspace: 1, encodedImageString: png };
  return recordOf({
    wallTime: at.wallTime,
    step: BigInt(at.step),
    what: { case: "summary", value: { value: [{ tag: name, value: { case: "image", value: image } }] } },
  });
}
