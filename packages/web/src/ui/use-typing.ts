import { useEffect, useMemo } from 'react';
import type { Room } from '../live/room.js';
import { useRoom } from './desk-context.js';

const againMs = 3_000;

/** Tells the others that one writes, at most every few seconds, and when one has stopped. */
function typist(room: Room) {
  let toldAt = Number.NEGATIVE_INFINITY;
  const stop = () => {
    if (toldAt > 0) room.typing(true);
    toldAt = Number.NEGATIVE_INFINITY;
  };
  const go = (text: string) => {
    if (text.trim() === '') return stop();
    if (performance.now() - toldAt < againMs) return;
    toldAt = performance.now();
    room.typing(false);
  };
  return { go, stop };
}

/** The same, for the open room. */
export function useTyping() {
  const room = useRoom();
  const one = useMemo(() => typist(room), [room]);
  useEffect(() => one.stop, [one]);
  return one;
}
