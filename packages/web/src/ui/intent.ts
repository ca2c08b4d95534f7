import { type Line, type SaidLine, saidAt } from '../state/lines.js';

/** Identity of a message. It includes the time, because another log may reuse the seq. */
export type Target = Pick<SaidLine, 'seq' | 'at'>;

/** Purpose of the text that the user asks to write: a message, a reply or an edit. */
export type IntentRequest = { readonly do: 'say' } | { readonly do: 'reply' | 'edit'; readonly target: Target };

/** The purpose of the text in the composer. */
export type Intent =
  | { readonly do: 'say' }
  | { readonly do: 'reply' | 'edit'; readonly line: SaidLine }
  /**
   * For a reply or an edit whose message was deleted or has expired. The user must decide about the
   * text before it is sent.
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
