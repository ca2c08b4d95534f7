import type { NewLine } from '../format.js';
import type { LineReactions } from './reactions.js';
import { splitText } from './split-text.js';

/** A message of another system. Its text may be longer than a message of Parley can be. */
interface ConvertedMessage {
  /** Time in Unix ms. */
  readonly at: number;
  readonly from: string;
  readonly text: string;
  /** Number of the line with the message to which this one replies. */
  readonly replyTo: number | undefined;
  /** Time of the last edit, in Unix ms. */
  readonly editedMs: number | undefined;
  readonly mentions: readonly string[];
  readonly reactions: LineReactions;
  readonly files: readonly string[];
  readonly pin: { readonly pinned_at: number; readonly pinned_by: string } | undefined;
}

/**
 * Yields a message as one or more lines, numbered by `next`. Only the first line has mentions,
 * reactions, files and the pin.
 */
export function* messageLines(message: ConvertedMessage, next: () => number): Generator<NewLine> {
  const { at, from, replyTo, editedMs, mentions, reactions, files, pin } = message;
  for (const [part, text] of splitText(message.text).entries()) {
    const isFirst = part === 0;
    yield {
      type: 'message',
      ...{ n: next(), at, from, text },
      ...(replyTo !== undefined && { reply_to: replyTo }),
      ...(editedMs !== undefined && { edited_at: editedMs }),
      ...(isFirst && mentions.length > 0 && { mentions: [...mentions] }),
      ...(isFirst && reactions.length > 0 && { reactions }),
      ...(isFirst && files.length > 0 && { files: [...files] }),
      ...(isFirst && pin),
    };
  }
}
