import { useCallback, useEffect, useReducer, useRef, useSyncExternalStore } from 'react';
import { type PagePlace, placeOf } from '../state/place.js';

interface Watchable<S> {
  readonly state: () => S;
  readonly subscribe: (listener: () => void) => () => void;
}

/** Returns the state of a store, and renders again on each change. */
export function useWatched<S>({ state, subscribe }: Watchable<S>): S {
  return useSyncExternalStore(subscribe, state);
}

/** Returns a part of the state of a store, and renders again only when that part changes. */
export function useWatchedPart<S, P>({ state, subscribe }: Watchable<S>, part: (state: S) => P): P {
  return useSyncExternalStore(subscribe, () => part(state()));
}

/** Returns a function that stays the same at every render, and calls the function of the last one. For events only. */
export function useSteady<A extends unknown[]>(act: (...args: A) => void): (...args: A) => void {
  const last = useRef(act);
  last.current = act;
  return useCallback((...args) => last.current(...args), []);
}

/** Returns the time in Unix ms, and renders again every `everyMs` while `wanted`. */
export function useNow(wanted = true, everyMs = 1_000): number {
  const [, tick] = useReducer((ticks: number) => ticks + 1, 0);
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(tick, everyMs);
    return () => clearInterval(timer);
  }, [wanted, everyMs]);
  return Date.now();
}

function subscribeHash(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** Returns the room, chat or message that the address names. */
export function usePlace(): PagePlace {
  return placeOf(useSyncExternalStore(subscribeHash, () => location.hash));
}

function subscribeOnline(listener: () => void): () => void {
  for (const type of ['online', 'offline']) addEventListener(type, listener);
  return () => {
    for (const type of ['online', 'offline']) removeEventListener(type, listener);
  };
}

/** Returns whether the device has a network. */
export function useOnline(): boolean {
  return useSyncExternalStore(subscribeOnline, () => navigator.onLine);
}

/** Returns whether a media query matches, and renders again when that changes. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
