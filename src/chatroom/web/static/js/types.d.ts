/** The shapes that more than one module knows, for those who check types; no browser loads this. */

/** Up to where a log is known. */
export interface Place {
  epoch: string;
  after: number;
}

/** A log that the server sends live. */
export type Log = "room" | "inbox";

/** How a log stands, as `welcome` and `resumed` say it. */
export interface Standing {
  epoch: string;
  head: number;
  oldest: number;
  /** The place of the first entry that this connection gets. */
  from: number;
}

/** The reply to `login` and to `resume`. */
export interface Welcome {
  type: "welcome" | "resumed";
  username: string;
  users: string[];
  logs: Record<Log, Standing>;
  /** In seconds. */
  heartbeat: { ping: number; answer: number };
  session?: string;
  new_user?: boolean;
}

/** A `broadcast` or a `direct_message`. */
export interface Said {
  from: string;
  message: string;
  seq: number;
  prev: number;
  epoch: string;
  /** Seconds since 1970. */
  ts: number;
  replay?: boolean;
}

export interface Confirmation {
  id?: string;
  command: "PM" | "DM";
  seq: number;
  epoch: string;
  ts: number;
  duplicate: boolean;
}

/** An `error`. */
export interface Refusal {
  id?: string;
  code: string;
  /** A sentence for the person. */
  message: string;
  field?: string;
  /** In seconds. */
  retry_after?: number;
}

/** A page of a log. */
export interface HistoryReply {
  type: "history";
  epoch: string;
  from: number;
  to: number;
  oldest: number;
  entries: { from: string; message: string; seq: number; ts: number }[];
}

/** Entries of a log that will not come. */
export interface Missing {
  log: Log;
  from: number;
  to: number;
  reason: "epoch" | "retention" | "ahead" | "hole";
}

/** Whatever the server sends. */
export type Frame = { type?: string; id?: string } & Record<string, any>;

/** Why a connection can be used no more, and what follows. */
export interface Broken {
  /** A sentence for the person. */
  reason: string;
  /** Seconds to stay away at least. */
  after?: number;
  /** Whether to come back without any delay. */
  atOnce?: boolean;
  /** Whether it ended over a message that was too long. */
  tooBig?: boolean;
}

/** Something that the person said and the server has not confirmed. */
export interface Own {
  id: string;
  /** The recipient; null for the room. */
  to: string | null;
  text: string;
  /** When it was written, in seconds since 1970. */
  at: number;
  state: "pending" | "refused";
  /** Why it was refused, in a sentence; else empty. */
  reason: string;
  /** The same as a code of the protocol; else empty. */
  code: string;
  /** How many times it has gone out. */
  sends: number;
  /** Whether the log has brought a line that can only be this one. */
  seen: boolean;
}

/** Something that was said, or is to be said. */
export interface Message {
  kind: "message";
  from: string;
  text: string;
  /** Seconds since 1970. */
  ts: number;
  /** Empty while it is not confirmed. */
  epoch: string;
  /** 0 while it is not confirmed. */
  seq: number;
  /** Whether the person said it. */
  own: boolean;
  /** What is behind it while it is not confirmed. */
  pending: Own | null;
}

/** Who came and left between two messages. */
export interface Presence {
  kind: "presence";
  ts: number;
  came: Set<string>;
  left: Set<string>;
  /** Who came and left again. */
  passed: Set<string>;
}

/** A sentence in the place where something is missing. */
export interface Note {
  kind: "note";
  ts: number;
  text: string;
}

export type Entry = Message | Presence | Note;
