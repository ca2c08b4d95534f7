import * as z from 'zod';

/** An enum of the contract as lower-case words. */
export interface EnumWords<W extends string> {
  readonly schema: z.ZodEnum<{ [K in W]: K }>;
  /** Returns the word of a number; undefined for the unspecified value and for unknown numbers. */
  readonly wordOf: (value: number) => W | undefined;
  readonly numberOf: (word: W) => number;
}

/** Returns the words of an enum of the contract, without its unspecified value. */
export function enumWords<N extends string>(
  values: Readonly<Record<N, number>>,
): EnumWords<Lowercase<Exclude<N, 'UNSPECIFIED'>>> {
  type W = Lowercase<Exclude<N, 'UNSPECIFIED'>>;
  const pairs = (Object.entries(values) as [N, number][]).filter(([name]) => name !== 'UNSPECIFIED');
  const words = pairs.map(([name, value]) => [name.toLowerCase() as W, value] as const);
  const byNumber = new Map(words.map(([word, value]) => [value, word]));
  const byWord = new Map(words);
  return {
    schema: z.enum(words.map(([word]) => word) as [W, ...W[]]) as unknown as z.ZodEnum<{ [K in W]: K }>,
    wordOf: (value) => byNumber.get(value),
    numberOf: (word) => byWord.get(word) ?? 0,
  };
}
