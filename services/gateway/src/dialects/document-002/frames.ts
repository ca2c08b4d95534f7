import { refuse } from '@parley/runtime';
import { readFlatObject, stringField } from '../../socket/json-frame.js';

/** A system message of document 002. Its fields are written in this order. */
export interface SystemMessage {
  readonly action: string;
  readonly user_id?: string;
  readonly room?: string;
  readonly message?: string;
  readonly rooms?: readonly string[];
  readonly participants?: readonly string[];
}

/** Returns a system message as JSON. */
export function systemMessage({ action, user_id, room, message, rooms, participants }: SystemMessage): string {
  return JSON.stringify({ action, user_id, room, message, rooms, participants });
}

/** Returns the frame of a failure. */
export function errorFrame(message: string): string {
  return systemMessage({ action: 'error', message });
}

/** A request of a client. */
export type ClientAction =
  | { readonly action: 'join' | 'participants'; readonly room: string }
  | { readonly action: 'leave' | 'rooms' }
  | { readonly action: 'private_message'; readonly userId: string; readonly message: string }
  | { readonly action: 'room_message'; readonly message: string };

/**
 * Reads a frame of a client. Fields that its action does not need may have any value.
 * @throws {Refusal} `malformed`
 */
export function readAction(payload: Buffer, isBinary: boolean): ClientAction {
  const fields = readFlatObject(payload, isBinary);
  const action = stringField(fields, 'action');
  switch (action) {
    case 'leave':
    case 'rooms':
      return { action };
    case 'join':
    case 'participants':
      return { action, room: stringField(fields, 'room') };
    case 'room_message':
      return { action, message: stringField(fields, 'message') };
    case 'private_message':
      return { action, userId: stringField(fields, 'user_id'), message: stringField(fields, 'message') };
    default:
      throw refuse('malformed', { message: `unknown action ${JSON.stringify(action.slice(0, 64))}` });
  }
}
