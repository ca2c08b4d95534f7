/** The word before the caret that a list can complete. */
export interface Completion {
  readonly kind: 'person' | 'emoji' | 'command';
  /** Text that the user has typed after the `@`, `:` or `/`. */
  readonly word: string;
  /** Index of the `@`, `:` or `/`. */
  readonly from: number;
  /** Index of the caret. */
  readonly to: number;
  /** Whether the user closed the name of an emoji with a colon. */
  readonly isClosed: boolean;
}

const command = /^\/([a-z0-9_-]{0,32}(?:@[\w.-]{0,64})?)$/i;
const person = /(?<![\p{L}\p{N}_@])@([\p{L}\p{N}._-]{0,64})$/u;
const emoji = /(?<![\p{L}\p{N}_:])(?::([a-z0-9_+-]{2,40})(:?))$/iu;

/** Returns the word before the caret that a list can complete, or undefined. */
export function completionAt(text: string, caret: number): Completion | undefined {
  const before = text.slice(0, caret);
  const [mention, name = ''] = person.exec(before) ?? [];
  if (mention !== undefined)
    return { kind: 'person', word: name, from: caret - mention.length, to: caret, isClosed: false };
  const [slash, start = ''] = command.exec(before) ?? [];
  if (slash !== undefined) return { kind: 'command', word: start, from: 0, to: caret, isClosed: false };
  const [code, letters = '', colon] = emoji.exec(before) ?? [];
  if (code === undefined) return undefined;
  return { kind: 'emoji', word: letters, from: caret - code.length, to: caret, isClosed: colon === ':' };
}

/** Returns the text with the completed word, and the caret after it. */
export function completed(text: string, { from, to }: Pick<Completion, 'from' | 'to'>, word: string) {
  const rest = text.slice(to);
  const gap = /^\s/.test(rest) ? '' : ' ';
  return { text: `${text.slice(0, from)}${word}${gap}${rest}`, caret: from + word.length + 1 };
}
