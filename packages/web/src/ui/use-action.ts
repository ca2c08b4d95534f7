import { Refusal } from '@parley/client';
import { useState } from 'react';

/** Something that may be refused: whether it is under way, and why it was refused. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string>();
  const run = async (...args: A) => {
    setBusy(true);
    setRefused(undefined);
    try {
      await act(...args);
    } catch (thrown) {
      setRefused(thrown instanceof Refusal ? thrown.message : 'something went wrong in this page');
    } finally {
      setBusy(false);
    }
  };
  return { busy, refused, run };
}

/** A refusal as a sentence. */
export function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
