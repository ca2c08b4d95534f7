import type { InboxEvent } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import type { PublicRoom } from '../store/guest-store.js';

/** A request of a guest. */
export type RoomCommand =
  /** Joins a room, or creates it. `from` is the room to leave first. */
  | { readonly act: 'join'; readonly room: string; readonly from: number | undefined }
  | { readonly act: 'leave'; readonly channelId: number }
  | { readonly act: 'say'; readonly channelId: number; readonly text: string }
  /** Writes in a room of which the inbox has not told yet, because the guest has just joined it. */
  | { readonly act: 'say in'; readonly room: string; readonly text: string }
  | { readonly act: 'tell'; readonly to: string; readonly text: string }
  | { readonly act: 'rooms' }
  | { readonly act: 'participants'; readonly room: string };

/** The result of a command. */
export type RoomOutcome =
  | { readonly kind: 'joined'; readonly room: PublicRoom }
  | { readonly kind: 'left' }
  /** A message is in the log of a chat. It also arrives as an event. */
  | { readonly kind: 'sent'; readonly channelId: number }
  | { readonly kind: 'names'; readonly names: readonly string[] }
  /** There is no such room, or no such user. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** One door of guests, without I/O: frames in, commands out; events in, frames out. */
export interface RoomsMachine {
  /** Channels that the guest is in. */
  readonly channelIds: Iterable<number>;
  /** Whether a message of the guest is in the log, but has not arrived as an event yet. */
  readonly isWaiting: boolean;
  /** Returns the first frames, once the guest is connected. */
  hello(): string[];
  /** Returns the command in a frame of the client, or the frames with which to answer at once. */
  read(payload: Buffer, isBinary: boolean): RoomCommand | string[];
  /** Returns the frames after a command. */
  answer(command: RoomCommand, outcome: RoomOutcome): string[];
  /** Returns the frames for an event of the inbox. */
  tell(event: InboxEvent): string[];
  /** Returns the frames for a room that somebody has created. */
  created(room: PublicRoom): string[];
  /** Returns the last frames, before the server closes the socket. */
  goodbye(refusal: Refusal): string[];
  /** Stops waiting for a message of the guest. */
  giveUp(): string[];
}
