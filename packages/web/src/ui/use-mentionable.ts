import { useEffect, useMemo } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { type Mentionable, mentionable } from '../state/mentions.js';
import { isRoom } from '../state/rooms.js';
import { useWatched } from './hooks.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** The users whom a message can mention. */
export interface MentionablePeople {
  readonly people: readonly Mentionable[];
  /** Number of members out of whom they are, if the chat has more; otherwise 0. */
  readonly outOf: number;
}

/** Returns the users whom a message can mention. Loads the members of a chat once they are wanted. */
export function useMentionable(state: ConversationState, isWanted: boolean): MentionablePeople {
  const { membership } = useWorkspace();
  const { channelId } = useOpenConversation();
  const known = useMemo(() => membership.knownMembers(channelId), [membership, channelId]);
  const { users: members, isPartial } = useWatched(known);
  const isMissing = isWanted && state.channel !== undefined && !isRoom(state.channel);
  useEffect(() => {
    if (isMissing) known.load().catch(() => {}); // Without a connection, only the users whom the page knows can be mentioned.
  }, [known, isMissing]);
  const { channel, lines, here, receipts, names, me } = state;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the users depend on these only
  const people = useMemo(
    () => (isWanted ? mentionable(state, members) : []),
    [isWanted, members, channel, lines, here, receipts, names, me],
  );
  return { people, outOf: isPartial ? members.length : 0 };
}
