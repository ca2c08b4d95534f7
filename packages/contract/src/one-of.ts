import type { InboxCommand } from './gen/chat/v1/inbox.js';
import type { Message } from './gen/chat/v1/types.js';

// The generated code does not enforce a `oneof`, so bytes that name several of its fields set them all.

/** Returns whether a message names several events. A message has at most one. */
export function hasSeveralEvents(message: Message): boolean {
  const { welcome, ack, goodbye, presence, typing, receipt, ping, pong } = message;
  return [welcome, ack, goodbye, presence, typing, receipt, ping, pong].filter((one) => one !== undefined).length > 1;
}

/** Returns the number of commands that a frame of a session names: 1, or 0 if it is unknown here. */
export function countCommands({ watch, post, pong, token, enter, leave }: InboxCommand): number {
  return [watch, post, pong, token, enter, leave].filter((one) => one !== undefined).length;
}
