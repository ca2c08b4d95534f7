import { useEffect, useMemo } from 'react';
import type { Room } from '../live/room.js';
import { useRoom } from './workspace-context.js';

const againMs = 3_000;

/** Sends typing indicators: at most one every few seconds, and one when the user stops. */
function typingIndicator(room: Room) {
  let sentAtMs = Number.NEGATIVE_INFINITY;
  const stop = () => {
    if (sentAtMs > 0) room.typing(true);
    sentAtMs = Number.NEGATIVE_INFINITY;
  };
  const go = (text: string) => {
    if (text.trim() === '') return stop();
    if (performance.now() - sentAtMs < againMs) return;
    sentAtMs = performance.now();
    room.typing(false);
  };
  return { go, stop };
}

/** Sends typing indicators for the open room. */
export function useTyping() {
  const room = useRoom();
  const indicator = useMemo(() => typingIndicator(room), [room]);
  useEffect(() => indicator.stop, [indicator]);
  return indicator;
}
