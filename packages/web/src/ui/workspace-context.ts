import { createContext, useContext } from 'react';
import type { Room } from '../live/room.js';
import type { Workspace } from '../live/workspace.js';

/** Provides the workspace of the signed-in user. */
export const WorkspaceContext = createContext<Workspace | undefined>(undefined);
/** Provides the open room. */
export const RoomContext = createContext<Room | undefined>(undefined);

/** Returns the workspace of the signed-in user. */
export function useWorkspace(): Workspace {
  const workspace = useContext(WorkspaceContext);
  if (workspace === undefined) throw new Error('Nobody is signed in.');
  return workspace;
}

/** Returns the open room. */
export function useRoom(): Room {
  const room = useContext(RoomContext);
  if (room === undefined) throw new Error('No room is open.');
  return room;
}
