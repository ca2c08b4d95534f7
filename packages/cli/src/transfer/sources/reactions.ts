import { limits } from '@parley/runtime';
import type { LineOf } from '../format.js';
import { emojiNamed } from './emoji-names.js';

export type LineReactions = NonNullable<LineOf<'message'>['reactions']>;

/** People who have reacted with an emoji, by its name. */
export interface NamedReaction {
  readonly name: string;
  readonly users: readonly string[];
}

/** The reactions that Parley knows, and lines of text about all others. */
export interface ConvertedReactions {
  readonly emoji: LineReactions;
  readonly others: readonly string[];
}

/**
 * Converts reactions. Those with pictures that a workspace has made, and those beyond the limit of a
 * message, become text.
 * @param shown returns the name of a person in text
 */
export function convertedReactions(
  reactions: readonly NamedReaction[],
  shown: (id: string) => string,
): ConvertedReactions {
  const byEmoji = new Map<string, Set<string>>();
  const others: string[] = [];
  for (const { name, users } of reactions.filter((one) => one.users.length > 0)) {
    const emoji = emojiNamed(name);
    const isFull = byEmoji.size === limits.reactionsPerMessage;
    if (emoji === undefined || (isFull && !byEmoji.has(emoji))) {
      others.push(`[:${name}: ${users.map(shown).join(', ')}]`);
      continue;
    }
    byEmoji.set(emoji, new Set([...(byEmoji.get(emoji) ?? []), ...users]));
  }
  return { emoji: [...byEmoji].map(([emoji, people]) => ({ emoji, people: [...people] })), others };
}
