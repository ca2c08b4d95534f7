import { words } from '../words/words.js';
import type { Typist } from './conversation-state.js';
import { type Names, nameOf } from './names.js';

/** Returns the text of the typing indicator; empty if nobody types. `nowMs` is Unix ms. */
export function typingWords(typing: readonly Typist[], names: Names, nowMs: number): string {
  const { oneTypes, twoType, manyType } = words().conversation;
  const typists = typing.filter(({ untilMs }) => untilMs > nowMs).map(({ userId }) => nameOf(names, userId));
  const [first, second] = typists;
  if (first === undefined) return '';
  if (second === undefined) return oneTypes(first);
  return typists.length === 2 ? twoType(first, second) : manyType(first, typists.length - 1);
}
