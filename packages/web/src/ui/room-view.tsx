import { memo, useEffect } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { words } from '../words/words.js';
import { ConnectionLine } from './connection-line.js';
import { ConversationPanel } from './conversation-panel.js';
import { useWatched } from './hooks.js';
import { NoSuchRoom } from './no-such-room.js';
import { RoomHead } from './room-head.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** The open room. */
export const RoomView = memo(function RoomView() {
  const conversation = useOpenConversation();
  const { rooms } = useWorkspace();
  const state = useWatched(conversation);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list shows who is inside, so it is polled again
  useEffect(() => rooms.pollSoon(), [rooms, state.here]);
  const link = state.link.state;
  useEffect(() => {
    if (link === 'live') rooms.poll();
    else rooms.pollSoon(); // Without a connection, only the list knows the users inside.
  }, [rooms, link]);
  if (isUnknownRoom(state)) return <NoSuchRoom />;
  return (
    <section className="room-view" aria-label={words().rooms.room}>
      <RoomHead state={state} />
      <ConnectionLine link={state.link} onRejoin={() => conversation.rejoin()} />
      <ConversationPanel state={state} />
    </section>
  );
});

/** Returns whether the server does not know the room and this page has stored nothing of it. */
function isUnknownRoom({ link, lines, earlier, place }: ConversationState): boolean {
  const isUnknown = link.state === 'ended' && ['channel-not-found', 'invalid-channel-id'].includes(link.reason);
  return isUnknown && place === undefined && lines.length + earlier.length === 0;
}
