import { useCallback, useEffect, useRef, useState } from 'react';
import { type RefusedAction, refusedBy } from './use-action.js';

/** A value that the server or another file of the page supplies. */
export interface Loaded<T> {
  /** Undefined until it is loaded. */
  readonly value: T | undefined;
  readonly refused: RefusedAction | undefined;
  readonly reload: () => void;
}

/** Loads a value when the component appears, and again whenever `key` changes. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, key: unknown = undefined): Loaded<T> {
  const [state, setState] = useState<Pick<Loaded<T>, 'value' | 'refused'>>({ value: undefined, refused: undefined });
  const loading = useRef<AbortController>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says when to load again
  const reload = useCallback(() => {
    loading.current?.abort();
    const controller = new AbortController();
    const { signal } = controller;
    loading.current = controller;
    load(signal).then(
      (value) => signal.aborted || setState({ value, refused: undefined }),
      (thrown) => signal.aborted || setState({ value: undefined, refused: refusedBy(thrown) }),
    );
  }, [key]);
  useEffect(() => {
    reload();
    return () => loading.current?.abort();
  }, [reload]);
  return { ...state, reload };
}
