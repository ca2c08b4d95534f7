import type { BotCommand } from '@parley/client';
import type { ConversationState } from '../state/conversation-state.js';
import { isRoom } from '../state/rooms.js';
import { useLoaded } from './use-loaded.js';
import { useWorkspace } from './workspace-context.js';

/**
 * Returns the commands of the bots in a chat. Loads them whenever they are wanted again; without a
 * connection there are none.
 */
export function useCommands({ channel }: ConversationState, isWanted: boolean): readonly BotCommand[] {
  const { membership } = useWorkspace();
  const id = isWanted && channel !== undefined && !isRoom(channel) ? channel.id : undefined;
  const load = async (signal: AbortSignal) => (id === undefined ? [] : membership.commands(id, signal));
  return useLoaded(load, id).value ?? [];
}
