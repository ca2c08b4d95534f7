import { useEffect, useState, useSyncExternalStore } from 'react';

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
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!wanted) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [wanted, everyMs]);
  return now;
}

function subscribeHash(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** The channel that the address names. */
export function useChannelId(): number | undefined {
  const hash = useSyncExternalStore(subscribeHash, () => location.hash);
  const [, digits] = /^#room-(\d{1,10})$/.exec(hash) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The address of a channel in this page. */
export function hrefOf(channelId: number): string {
  return `#room-${channelId}`;
}
