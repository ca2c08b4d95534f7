import { Refusal } from '@parley/client';
import { useState } from 'react';
import { refusalWords } from '../state/refusal-words.js';

/** Why something was refused. */
export interface Refused {
  readonly reason: string;
  readonly words: string;
}

function refusedBy(thrown: unknown): Refused {
  if (thrown instanceof Refusal) return { reason: thrown.reason, words: refusalWords(thrown) };
  return { reason: 'internal', words: 'Something went wrong in this page. Try again.' };
}

/** Something that may be refused: whether it is under way, and why it was refused. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refused>();
  const run = async (...args: A) => {
    setBusy(true);
    setRefused(undefined);
    try {
      await act(...args);
    } catch (thrown) {
      setRefused(refusedBy(thrown));
    } finally {
      setBusy(false);
    }
  };
  return { busy, refused, run, forget: () => setRefused(undefined) };
}

/** Returns the words with a capital first letter and one full stop at the end. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`;
}
