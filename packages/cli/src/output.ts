import { plainJson, plainText } from './plain-text.js';

/** The only way to the terminal: whatever is printed, it holds nothing that a terminal obeys. */
export const output = {
  /** Lines for people, on stdout. */
  say(words: string): void {
    process.stdout.write(`${plainText(words).trimEnd()}\n`);
  },
  /** Lines for people, on stderr. */
  complain(words: string): void {
    process.stderr.write(`${plainText(words).trimEnd()}\n`);
  },
  /** A value for programs, on stdout. */
  tell(value: unknown): void {
    process.stdout.write(`${plainJson(value)}\n`);
  },
} as const;
