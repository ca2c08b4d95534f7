import { type Line, type SaidLine, saidAt } from '../state/lines.js';

/** Names a message: another log may have another one at its seq. */
export type Target = Pick<SaidLine, 'seq' | 'at'>;

/** What the user has chosen to write. */
export type Wish = { readonly do: 'say' } | { readonly do: 'reply' | 'edit'; readonly target: Target };

/** What the composer is about to do. */
export type Intent =
  | { readonly do: 'say' }
  | { readonly do: 'reply' | 'edit'; readonly line: SaidLine }
  /** The message was deleted or has expired: nothing is sent before the user says what becomes of the text. */
  | { readonly do: 'gone'; readonly was: 'reply' | 'edit'; readonly target: Target };

export const justSay = { do: 'say' } as const;

/** A wish, with the message as it is now. */
export function intentOf(wish: Wish, lines: readonly Line[]): Intent {
  if (wish.do === 'say') return wish;
  const { do: what, target } = wish;
  const line = saidAt(lines, target.seq);
  if (line === undefined || line.at !== target.at || line.deleted) return { do: 'gone', was: what, target };
  return { do: what, line };
}
