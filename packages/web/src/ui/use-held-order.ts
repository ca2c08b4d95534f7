import type { Channel } from '@parley/client';
import { useState } from 'react';
import { inOrderOf } from '../state/rooms.js';

/**
 * Keeps the order of a list of rooms while the pointer is over it, so that no row moves under the
 * pointer.
 */
export function useHeldOrder(rooms: readonly Channel[]) {
  const [held, setHeld] = useState<readonly number[]>();
  const hold = () => setHeld((before) => before ?? rooms.map(({ id }) => id));
  const release = () => setHeld(undefined);
  return {
    rooms: held === undefined ? rooms : inOrderOf(held, rooms),
    onList: { onPointerEnter: hold, onPointerLeave: release },
  };
}
