import { readFlatObject, stringField } from '../../socket/json-frame.js';

/** The message of document 003: text in a room, or a notification. Its fields are written in this order. */
export interface RoomMessage {
  readonly user: string;
  readonly room: string;
  readonly isNotification: boolean;
  readonly value: string;
  /** RFC 3339. */
  readonly serverTime: string;
}

/** Value of a notification about a new room. */
const createRoom = 'create-room';

/** Returns the time in milliseconds as the document writes it. */
export function serverTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Returns the notification that a user has created a room. */
export function createdRoom(user: string, room: string, ms: number): RoomMessage {
  return { user, room, isNotification: true, value: createRoom, serverTime: serverTime(ms) };
}

/** Text of a client in a room. The socket identifies the sender. */
export interface ClientMessage {
  readonly room: string;
  readonly value: string;
}

/**
 * Reads a frame of a client. Names of rooms have no upper case.
 * @throws {Refusal} `malformed`
 */
export function readClientMessage(payload: Buffer, isBinary: boolean): ClientMessage {
  const fields = readFlatObject(payload, isBinary);
  stringField(fields, 'user', false);
  return { room: stringField(fields, 'room').toLowerCase(), value: stringField(fields, 'value') };
}
