import { Kind, type Message } from '@parley/contract';
import { shownText } from '../rest/message-shape.js';

/** Returns the text of an entry at the doors of guests; undefined if these doors have no form for it. */
export function entryTextOf(message: Message): string | undefined {
  if (message.seq === 0) return undefined;
  if (message.kind === Kind.EDIT) return `(edited) ${shownText(message)}`;
  if (message.kind === Kind.DELETE) return '(deleted a message)';
  return message.kind === Kind.UNSPECIFIED ? shownText(message) : undefined;
}
