import { type Line, type SaidLine, saidAt } from '../state/lines.js';

/** What the composer is about to do. */
export type Intent =
  | { readonly do: 'say' }
  | { readonly do: 'reply'; readonly to: SaidLine }
  | { readonly do: 'edit'; readonly line: SaidLine };

export const justSay: Intent = { do: 'say' };

/** The same about the message as it is now; what was deleted or has expired is neither answered nor edited, nor quoted any more. */
export function stillTrue(intent: Intent, lines: readonly Line[]): Intent {
  if (intent.do === 'say') return intent;
  const before = intent.do === 'edit' ? intent.line : intent.to;
  const now = saidAt(lines, before.seq);
  if (now === before) return intent;
  if (now === undefined || now.deleted) return justSay;
  return intent.do === 'edit' ? { do: 'edit', line: now } : { do: 'reply', to: now };
}
