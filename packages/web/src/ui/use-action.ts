import { Refusal } from '@parley/client';
import { useState } from 'react';
import { refusalWords } from '../state/refusal-words.js';
import { words } from '../words/words.js';

/** A failed action: its reason and the text for the user. */
export interface RefusedAction {
  readonly reason: string;
  readonly words: string;
}

/** Returns the reason and text of anything that an action throws. */
export function refusedBy(thrown: unknown): RefusedAction {
  if (thrown instanceof Refusal) return { reason: thrown.reason, words: refusalWords(thrown) };
  if (thrown instanceof DOMException && thrown.name === 'QuotaExceededError')
    return { reason: 'internal', words: words().common.storageFull };
  return { reason: 'internal', words: words().common.pageFailed };
}

/**
 * Wraps an action that may fail. Returns a function that runs it, whether it is running, and its
 * last failure.
 */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<RefusedAction>();
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

/** Returns the text with a capital first letter and one full stop at the end. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
