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
  const kinds = [
    [messages, 'message'],
    [changes, 'change'],
    [drafts, 'draft'],
  ] as const;
  const parts = kinds.flatMap(([count, name]) => (count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`]));
  if (parts.length === 0) return undefined;
  const verb = messages + changes + drafts === 1 ? 'has' : 'have';
  return `${new Intl.ListFormat('en').format(parts)} ${verb} not been sent`;
}

/** Something unsent, and its room. */
export interface UnsentItem {
  readonly room: string;
  readonly what: string;
}

/** Returns the text of an unsent message or edit, or a phrase for another unsent change. */
export function unsentText({ do: what, text }: Pick<Outgoing, 'do' | 'text'>): string {
  if (what === 'delete') return 'a deletion';
  return what === 'react' || what === 'unreact' ? `a reaction: ${text}` : text;
}
