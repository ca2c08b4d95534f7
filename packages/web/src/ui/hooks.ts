import { useEffect, useReducer, useSyncExternalStore } from 'react';
import { type PagePlace, placeOf } from '../state/place.js';

interface Watched<S> {
  readonly state: () => S;
  readonly subscribe: (listener: () => void) => () => void;
}

/** The state of something, as it changes. */
export function useWatched<S>({ state, subscribe }: Watched<S>): S {
  return useSyncExternalStore(subscribe, state);
}

/** The time in Unix ms, once a second while it is wanted. */
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

/** What the address names. */
export function usePlace(): PagePlace {
  return placeOf(useSyncExternalStore(subscribeHash, () => location.hash));
}

function subscribeOnline(listener: () => void): () => void {
  for (const type of ['online', 'offline']) addEventListener(type, listener);
  return () => {
    for (const type of ['online', 'offline']) removeEventListener(type, listener);
  };
}

/** Whether the device has a network at all. */
export function useOnline(): boolean {
  return useSyncExternalStore(subscribeOnline, () => navigator.onLine);
}

/** The address of a channel in this page. */
export function hrefOf(channelId: number): string {
  return `#room-${channelId}`;
}
