import { words } from '../words/words.js';
import type { Outgoing } from './outgoing.js';

/** Numbers of unsent messages, changes, drafts and files. */
export interface Unsent {
  readonly messages: number;
  readonly changes: number;
  readonly drafts: number;
  /** Files of messages that were not written yet. */
  readonly files?: number;
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
export function unsentWords({ messages, changes, drafts, files = 0 }: Unsent): string | undefined {
  const { unsent, unsentMessages, unsentChanges, unsentDrafts, unsentFiles } = words().conversation;
  const kinds = [
    [messages, unsentMessages],
    [changes, unsentChanges],
    [drafts, unsentDrafts],
    [files, unsentFiles],
  ] as const;
  const parts = kinds.flatMap(([count, phrase]) => (count === 0 ? [] : [phrase(count)]));
  return parts.length === 0 ? undefined : unsent(parts, messages + changes + drafts + files);
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
  if (what === 'say' && text === '') return words().conversation.files;
  return what === 'react' || what === 'unreact' ? words().conversation.aReaction(text) : text;
}
