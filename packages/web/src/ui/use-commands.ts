import type { BotCommand } from '@parley/client';
import type { ConversationState } from '../state/conversation-state.js';
import { isRoom } from '../state/rooms.js';
import { useLoaded } from './use-loaded.js';
import { useWorkspace } from './workspace-context.js';

/**
 * Returns the commands of the bots in a chat. Loads them each time `isWanted` becomes true. Returns
 * none without a connection.
 */
export function useCommands({ channel }: ConversationState, isWanted: boolean): readonly BotCommand[] {
  const { membership } = useWorkspace();
  const id = isWanted && channel !== undefined && !isRoom(channel) ? channel.id : undefined;
  const load = async (signal: AbortSignal) => (id === undefined ? [] : membership.commands(id, signal));
  return useLoaded(load, id).value ?? [];
}
