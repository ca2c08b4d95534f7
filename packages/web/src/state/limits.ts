/** Maximum lengths of texts, in characters, as the server requires. */
export const mostCharacters = { name: 64, about: 500, report: 1_000 } as const;

/** The length of a text in characters, and by how many it is too long. */
export interface TextLength {
  readonly count: number;
  readonly over: number;
  /** Whether the limit is near enough for the user to see it. */
  readonly isNear: boolean;
}

/** Measures a text against a limit in characters. An emoji may count as several characters. */
export function textLength(text: string, most: number): TextLength {
  const count = [...text].length;
  return { count, over: Math.max(0, count - most), isNear: count >= most * 0.8 };
}

/** Maximum number of files in one message, as the server requires. */
export const mostAttached = 10;
