import { textFor, words } from '../words/words.js';

/** Returns the text of a refusal for the user of the page. */
export function refusalWords({ reason, message }: { readonly reason: string; readonly message: string }): string {
  const { refusals, otherRefusal } = words();
  return textFor(refusals, reason) ?? otherRefusal(reason, message);
}
