import type { Typist } from './conversation.js';
import { type Names, nameOf } from './names.js';

/** Who types now, in words; empty where nobody does. */
export function typingWords(typing: readonly Typist[], names: Names, nowMs: number): string {
  const who = typing.filter(({ untilMs }) => untilMs > nowMs).map(({ userId }) => nameOf(names, userId));
  const [first = '', second] = who;
  if (who.length === 0) return '';
  if (who.length === 1) return `${first} is typing`;
  return who.length === 2 ? `${first} and ${second} are typing` : `${first} and ${who.length - 1} others are typing`;
}
