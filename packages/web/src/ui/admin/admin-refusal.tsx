import { adminWords } from '../../words/admin.js';
import { textFor } from '../../words/words.js';
import { RefusalLine } from '../refusal-line.js';
import type { RefusedAction } from '../use-action.js';

/** Shows why a call of an operator was refused, next to what the operator did. */
export function AdminRefusal({ refused }: { refused: RefusedAction | undefined }) {
  const text = refused && textFor(adminWords().refusals, refused.reason);
  return <RefusalLine refused={refused && { ...refused, words: text ?? refused.words }} />;
}
