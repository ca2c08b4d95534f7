import { InvalidArgumentError } from 'commander';

/** Returns a parser of whole numbers in a range. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < from || number > to) {
      throw new InvalidArgumentError(`Use a whole number from ${from} to ${to}.`);
    }
    return number;
  };
}
