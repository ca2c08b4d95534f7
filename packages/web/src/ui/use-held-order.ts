import type { Channel } from '@parley/client';
import { type FocusEvent, useState } from 'react';
import { heldRooms } from '../state/rooms.js';

interface Hold {
  readonly rooms: readonly Channel[];
  readonly by: ReadonlySet<'pointer' | 'keyboard'>;
}

/**
 * Keeps a list of rooms in place while the pointer is over it or the keyboard is in it, so that no
 * row moves away from the user. A room that is gone stays in the list until pointer and keyboard
 * have left it.
 */
export function useHeldOrder(rooms: readonly Channel[]) {
  const [held, setHeld] = useState<Hold>();
  const hold = (by: 'pointer' | 'keyboard') =>
    setHeld((before) => ({ rooms: before?.rooms ?? rooms, by: new Set([...(before?.by ?? []), by]) }));
  const release = (by: 'pointer' | 'keyboard') =>
    setHeld((before) => {
      const others = new Set([...(before?.by ?? [])].filter((other) => other !== by));
      return before === undefined || others.size === 0 ? undefined : { ...before, by: others };
    });
  return {
    rooms: held === undefined ? rooms : heldRooms(held.rooms, rooms),
    onList: {
      onPointerEnter: () => hold('pointer'),
      onPointerLeave: () => release('pointer'),
      onFocus: ({ target }: FocusEvent) => target.matches(':focus-visible') && hold('keyboard'),
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent) =>
        currentTarget.contains(relatedTarget) || release('keyboard'),
    },
  };
}
