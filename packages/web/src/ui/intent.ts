import type { SaidLine } from '../state/lines.js';

/** What the composer is about to do. */
export type Intent =
  | { readonly do: 'say' }
  | { readonly do: 'reply'; readonly to: SaidLine }
  | { readonly do: 'edit'; readonly line: SaidLine };

export const justSay: Intent = { do: 'say' };
