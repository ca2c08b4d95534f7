import type { Typist } from './conversation-state.js';
import { type Names, nameOf } from './names.js';

/** Returns the text of the typing indicator; empty if nobody types. `nowMs` is Unix ms. */
export function typingWords(typing: readonly Typist[], names: Names, nowMs: number): string {
  const who = typing.filter(({ untilMs }) => untilMs > nowMs).map(({ userId }) => nameOf(names, userId));
  const [first = '', second] = who;
  if (who.length === 0) return '';
  if (who.length === 1) return `${first} is typing`;
  return who.length === 2 ? `${first} and ${second} are typing` : `${first} and ${who.length - 1} others are typing`;
}
