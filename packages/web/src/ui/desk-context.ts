import { createContext, useContext } from 'react';
import type { Desk } from '../live/desk.js';
import type { Room } from '../live/room.js';

export const DeskContext = createContext<Desk | undefined>(undefined);
export const RoomContext = createContext<Room | undefined>(undefined);

/** The desk of who is signed in. */
export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === undefined) throw new Error('nobody is signed in');
  return desk;
}

/** The room that is open. */
export function useRoom(): Room {
  const room = useContext(RoomContext);
  if (room === undefined) throw new Error('no room is open');
  return room;
}
