import { plainJson, plainText, terminalLine } from './plain-text.js';

/**
 * All output of the command. No character that controls a terminal gets through: it is removed from
 * text, and escaped in JSON.
 */
export const output = {
  /** Prints lines for people on stdout. */
  say(words: string): void {
    process.stdout.write(`${plainText(words).trimEnd()}\n`);
  },
  /** Prints lines for people on stderr. */
  complain(words: string): void {
    process.stderr.write(`${plainText(words).trimEnd()}\n`);
  },
  /** Prints a JSON value on stdout. */
  tell(value: unknown): void {
    process.stdout.write(`${plainJson(value)}\n`);
  },
  /** Shows on a terminal how far a command is, in place of the last such line. */
  progress(words: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r${terminalLine(words)}\u001b[K`);
  },
} as const;
