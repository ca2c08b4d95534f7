import { type Line, type SaidLine, saidAt } from '../state/lines.js';

/** Identifies a message. Its time is included because another log may reuse the seq. */
export type Target = Pick<SaidLine, 'seq' | 'at'>;

/** The user's choice of what to write. */
export type IntentRequest = { readonly do: 'say' } | { readonly do: 'reply' | 'edit'; readonly target: Target };

/** The purpose of the text in the composer. */
export type Intent =
  | { readonly do: 'say' }
  | { readonly do: 'reply' | 'edit'; readonly line: SaidLine }
  /**
   * The message was deleted or has expired. The user must decide about the text before anything is
   * sent.
   */
  | { readonly do: 'gone'; readonly was: 'reply' | 'edit'; readonly target: Target };

export const newMessage = { do: 'say' } as const;

/** Looks up the message of a request in the current lines. */
export function intentOf(request: IntentRequest, lines: readonly Line[]): Intent {
  if (request.do === 'say') return request;
  const { do: what, target } = request;
  const line = saidAt(lines, target.seq);
  if (line === undefined || line.at !== target.at || line.deleted) return { do: 'gone', was: what, target };
  return { do: what, line };
}
