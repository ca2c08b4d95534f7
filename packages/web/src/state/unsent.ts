import { words } from '../words/words.js';
import type { Outgoing } from './outgoing.js';

/** Numbers of unsent messages, changes and drafts. */
export interface Unsent {
  readonly messages: number;
  readonly changes: number;
  readonly drafts: number;
}

/** Counts unsent messages, changes and drafts. */
export function unsentOf(outgoing: readonly Outgoing[], drafts: readonly string[]): Unsent {
  const messages = outgoing.filter((one) => one.do === 'say').length;
  return { messages, changes: outgoing.length - messages, drafts: drafts.filter((text) => text.trim() !== '').length };
}

/**
 * Returns a phrase such as "1 message and 2 drafts have not been sent", or undefined if everything
 * is sent.
 */
export function unsentWords({ messages, changes, drafts }: Unsent): string | undefined {
  const { unsent, unsentMessages, unsentChanges, unsentDrafts } = words().conversation;
  const kinds = [
    [messages, unsentMessages],
    [changes, unsentChanges],
    [drafts, unsentDrafts],
  ] as const;
  const parts = kinds.flatMap(([count, phrase]) => (count === 0 ? [] : [phrase(count)]));
  return parts.length === 0 ? undefined : unsent(parts, messages + changes + drafts);
}

/** Something unsent, and its room. */
export interface UnsentItem {
  readonly room: string;
  readonly what: string;
}

/** Returns the text of an unsent message or edit, or a phrase for another unsent change. */
export function unsentText({ do: what, text }: Pick<Outgoing, 'do' | 'text'>): string {
  if (what === 'delete') return words().conversation.aDeletion;
  if (what === 'pin' || what === 'unpin') return words().conversation.aPin;
  return what === 'react' || what === 'unreact' ? words().conversation.aReaction(text) : text;
}
